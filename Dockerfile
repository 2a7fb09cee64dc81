# The server with the drivers of PostgreSQL, Redis and RabbitMQ. It runs as a user without rights and
# writes only to /var/lib/modelwright and /tmp: start it with a read-only root (compose.yaml does).
# Where packages and images come from is your engine's and pip's own setting.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements/build.txt requirements/base.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes -r requirements/build.txt \
    && /venv/bin/pip install --require-hashes -r requirements/base.txt
COPY . .
RUN /venv/bin/python tools/without_tests.py \
    && /venv/bin/pip install --no-deps --no-build-isolation .

FROM python:${PYTHON_VERSION}-slim
RUN groupadd --system --gid 10001 modelwright \
    && useradd --system --uid 10001 --gid modelwright --no-create-home --shell /usr/sbin/nologin \
        modelwright \
    && install -d -m 0700 -o modelwright -g modelwright /var/lib/modelwright
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MODELWRIGHT_HOME=/var/lib/modelwright
USER 10001:10001
WORKDIR /var/lib/modelwright
VOLUME ["/var/lib/modelwright"]
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["modelwright"]
CMD ["up", "--host", "0.0.0.0"]
