"""Text labels for classifiers that want numbers."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class EncodedLabels(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Gives a classifier the numbers 0, 1, … for the labels, and the labels for its answers.

    Parameters
    ----------
    estimator : object
        A classifier; it is fitted itself, not a copy.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> model = EncodedLabels(DummyClassifier()).fit([[0], [1], [2]], ["no", "yes", "yes"])
    >>> model.predict([[5]]).tolist()
    ['yes']
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> "EncodedLabels":
        """Fit the classifier."""
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self.n_features_in_ = X.shape[1] if hasattr(X, "shape") else len(X[0])
        self.estimator.fit(X, codes)
        return self

    def predict(self, X: Any) -> Any:
        """Return labels, shape (n_rows,)."""
        return self.classes_[np.asarray(self.estimator.predict(X), dtype=int)]

    def predict_proba(self, X: Any) -> Any:
        """Return shares, shape (n_rows, n_classes), in the order of `classes_`."""
        return self.estimator.predict_proba(X)

    @property
    def feature_importances_(self) -> Any:
        """Return those of the classifier."""
        return self.estimator.feature_importances_
