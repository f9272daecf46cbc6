# One image for the webserver, the daemon, the code location and the runs of Evoke:
#   docker build --target cpu -t evoke:cpu --build-arg TORCH_INDEX=<CPU builds of torch> .
#   docker build --target gpu -t evoke:gpu .
# Torch of pip's own index brings its CUDA libraries along, so that the GPU image needs
# only the host's driver and container toolkit. Weights, settings and secrets are not
# inside: they come as a volume and as environment.
# Linted with hadolint where it was written; no Docker was there to build it.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# Packages alone, from the two files that name them, so that a change of code keeps them.
FROM base AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY pyproject.toml constraints.txt LICENSE ./
RUN python -m venv /opt/venv && touch README.md
# A wheel of its own, without code: what it depends on is what is wanted.
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" > build.txt \
    && pip install --constraint constraints.txt --requirement build.txt

FROM packages AS packages-cpu
ARG TORCH_INDEX=""
ARG EXTRAS=postgres,kubernetes
RUN if [ -n "$TORCH_INDEX" ]; then \
        pip install --constraint constraints.txt --index-url "$TORCH_INDEX" torch; \
    fi \
    && pip install --constraint constraints.txt ".[$EXTRAS]" \
    && pip uninstall --yes evoke

FROM packages AS packages-gpu
ARG EXTRAS=postgres,kubernetes,clip,muq,memory,ray
RUN pip install --constraint constraints.txt ".[$EXTRAS]" \
    && pip uninstall --yes evoke

FROM base AS program
RUN groupadd --gid 10001 evoke \
    && useradd --uid 10001 --gid evoke --no-create-home --home-dir /var/lib/evoke evoke \
    && install -d -o evoke -g evoke /var/lib/evoke /opt/dagster
WORKDIR /opt/evoke
COPY LICENSE constraints.txt pyproject.toml ./
COPY assets_config assets_config
COPY evoke_core evoke_core
COPY evoke_pipelines evoke_pipelines
COPY --chown=evoke:evoke assets_config/deploy/dagster-team.yaml /opt/dagster/dagster.yaml
COPY assets_config/deploy/workspace-team.yaml workspace.yaml
ENV DAGSTER_DISABLE_TELEMETRY=yes \
    DAGSTER_HOME=/opt/dagster \
    EVOKE_HOME=/var/lib/evoke \
    HF_HUB_OFFLINE=1 \
    HOME=/var/lib/evoke \
    OMP_NUM_THREADS=1 \
    PYTHONPATH=/opt/evoke \
    PYTHONWARNINGS=ignore:Parameter
USER 10001:10001
EXPOSE 4000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["dagster", "api", "grpc-health-check", "-p", "4000"]
CMD ["dagster", "code-server", "start", "-h", "0.0.0.0", "-p", "4000", "-m", "evoke_pipelines.definitions"]

FROM program AS gpu
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    NVIDIA_VISIBLE_DEVICES=all
COPY --from=packages-gpu /opt/venv /opt/venv

# The last one is what a build without a target makes.
FROM program AS cpu
COPY --from=packages-cpu /opt/venv /opt/venv
