# Builds listingwatch and packs it into an image without a shell, run by a user without rights.
#
# Build:    docker build -t listingwatch .
# Demo:     docker run --rm --network host listingwatch demo
#           (the demo listens on loopback only, hence the host's network)
# Check:    docker run --rm -v "$PWD/config:/config:ro" listingwatch check
# Serve:    docker run -d --name listingwatch --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#             -v listingwatch-data:/data -v "$PWD/config:/config:ro" -p 127.0.0.1:8080:8080 \
#             listingwatch serve --listen 0.0.0.0:8080 --behind-proxy
#           (put a proxy with TLS in front; without one pass --tls-cert and --tls-key instead of --behind-proxy)
# Any other command works beside the running hub, through its socket in the data directory:
#           docker exec listingwatch listingwatch referrals list
#
# /data     all state: evidence, referrals, keys. The only place written to; back it up.
# /config   optional: listingwatch.toml, seeds/, patterns/. What is missing there is taken from the binary.

ARG RUST_VERSION=1.95

FROM rust:${RUST_VERSION}-slim-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --locked --profile dist --bin listingwatch \
    && install -D target/dist/listingwatch /out/usr/local/bin/listingwatch \
    && mkdir -p /out/data /out/config

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/usr /usr
# Both folders belong to the image's user `nonroot` (65532), so that a fresh volume does too.
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/config /config
ENV LISTINGWATCH_DATA=/data
WORKDIR /config
VOLUME /data
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/listingwatch"]
CMD ["serve"]
