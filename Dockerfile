# gdtbridge as an image: no compiler, no root, one volume.
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-cache --no-install-project
COPY gdtbridge gdtbridge
COPY worklist worklist
COPY samples samples
RUN uv sync --locked --no-dev --no-cache --no-editable

FROM python:3.12-slim
# A fixed number, so that a mounted folder can be given to it: chown 10001 FOLDER.
RUN groupadd --gid 10001 gdtbridge \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data gdtbridge \
    && install --directory --owner=10001 --group=10001 /data /data/gdt
COPY --from=build /app/.venv /app/.venv
# Inside a container loopback reaches nobody. The service does not start on these addresses until
# dicom.allowed_networks and http.token say who may come in.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TZ=Europe/Berlin \
    GDTBRIDGE_STORAGE__ROOT=/data \
    GDTBRIDGE_DICOM__HOST=0.0.0.0 \
    GDTBRIDGE_HTTP__HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 11112 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["gdtbridge"]
CMD ["serve"]
