# training-exporter: follows the logs mounted at /logs and the GPUs it is given (--gpus all), as a user of its own, on a
# read-only root. It writes only to the volume.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim-bookworm AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/training-exporter
# The dependencies change less often than the sources: a layer of their own.
COPY pyproject.toml .
RUN python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        > requirements.txt \
    && pip --python /opt/training-exporter install --no-cache-dir --no-compile --requirement requirements.txt
COPY README.md LICENSE ./
COPY docs/runbooks docs/runbooks
COPY alerts alerts
COPY exporter exporter
# Compiled here, once: a read-only root can keep no bytecode.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir dist . \
    && pip --python /opt/training-exporter install --no-cache-dir --no-compile --no-deps dist/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/training-exporter/lib

FROM python:${PYTHON}-slim-bookworm
LABEL org.opencontainers.image.title="training-exporter" \
      org.opencontainers.image.description="Training logs and GPUs to Prometheus metrics, stop and memory alerts, Slack messages" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/training-exporter/training-exporter" \
      org.opencontainers.image.documentation="https://github.com/training-exporter/training-exporter/blob/main/README.md"
RUN groupadd --gid 10001 training-exporter \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/training-exporter \
        --shell /usr/sbin/nologin training-exporter \
    && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/training-exporter
COPY --from=build /opt/training-exporter /opt/training-exporter
ENV PATH=/opt/training-exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRAINING_EXPORTER_LISTEN=:9936 \
    TRAINING_EXPORTER_STATE=/var/lib/training-exporter \
    NVIDIA_DRIVER_CAPABILITIES=utility
USER 10001:10001
VOLUME /var/lib/training-exporter
EXPOSE 9936
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
import http.client, os, sys; \
address = os.environ['TRAINING_EXPORTER_LISTEN']; \
server = http.client.HTTPConnection('127.0.0.1' * address.startswith(':') + address, timeout=4); \
server.request('GET', '/-/healthy'); \
sys.exit(server.getresponse().status != 200)"]
ENTRYPOINT ["training-exporter"]
