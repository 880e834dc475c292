# gdtbridge as an image: no compiler, no root, one volume.
# BASE: an image with Python 3.11 or newer, its venv module, CA certificates and time zones.
ARG BASE=docker.io/library/python:3.12-slim
FROM ${BASE} AS build
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir uv==0.13.8
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN /uv/bin/uv sync --locked --no-dev --no-cache --no-install-project
COPY gdtbridge gdtbridge
COPY worklist worklist
COPY samples samples
RUN /uv/bin/uv sync --locked --no-dev --no-cache --no-editable

FROM ${BASE}
LABEL org.opencontainers.image.title="gdtbridge" \
    org.opencontainers.image.description="The bridge between ultrasound devices (DICOM) and German practice software (GDT)." \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.licenses="MIT"
# A fixed number, so that a mounted folder can be given to it: chown 10001 FOLDER.
RUN groupadd --gid 10001 gdtbridge \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data gdtbridge \
    && install --directory --owner=10001 --group=10001 /data /data/gdt /data/gdt/in /data/gdt/out
COPY --from=build /app/.venv /app/.venv
# Inside a container loopback reaches nobody. The service does not start on these addresses until
# dicom.allowed_networks and http.token say who may come in.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TZ=Europe/Berlin \
    GDTBRIDGE_STORAGE__ROOT=/data \
    GDTBRIDGE_DICOM__HOST=0.0.0.0 \
    GDTBRIDGE_DICOM__PORT=11112 \
    GDTBRIDGE_HTTP__HOST=0.0.0.0 \
    GDTBRIDGE_HTTP__PORT=8080
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 11112 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["gdtbridge", "health"]
ENTRYPOINT ["gdtbridge"]
CMD ["serve"]
