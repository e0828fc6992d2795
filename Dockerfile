# dnc with git, for the jobs of a pipeline: image: REGISTRY/dnc:VERSION, install: dnc --version.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE CHANGELOG.md ./
COPY schema schema
COPY reconciler reconciler
RUN python -m venv /opt/dnc \
    && /opt/dnc/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt .

FROM python:3.11-slim-bookworm
# Debian takes a version away when its fix comes out, so none is pinned; git 2.38 or later is what is needed.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 dnc \
    # A clone that is mounted here belongs to another user. In a pipeline the job names its own folder.
    && git config --system --add safe.directory /lists
COPY --from=build /opt/dnc /opt/dnc
ENV PATH=/opt/dnc/bin:$PATH
USER 10001
WORKDIR /lists
# No ENTRYPOINT: a runner starts a shell in this image.
CMD ["dnc", "--help"]
