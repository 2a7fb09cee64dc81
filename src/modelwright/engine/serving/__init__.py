"""Answering with a trained model: rows in, predictions out, with the very numbers of scikit-learn.

`Predictor` checks rows by the model's own columns and predicts; forests are answered without the
cost of a data frame and a pool of threads (`forest`), where a check at loading shows that every bit
is the same.
"""
