# Debian 12 with what ./run would install, for a class or a development container (docs/install.md). The
# checkout is not in the image: it is mounted at /lowrank.
FROM debian:bookworm-slim

# The program; the tests; the figures; the tokenizers; and git for the checkout.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      g++ cmake ninja-build libeigen3-dev libfmt-dev nlohmann-json3-dev libcli11-dev libbenchmark-dev \
      doctest-dev gdb gnuplot-nox python3 python3-clang bubblewrap \
      libpcre2-dev libicu-dev libsentencepiece-dev \
      ca-certificates git \
 && rm -rf /var/lib/apt/lists/*

# The checkout may belong to another user than the one in here; git would not say its commit.
RUN git config --system --add safe.directory /lowrank

ENV LANG=C.UTF-8
WORKDIR /lowrank
CMD ["bash"]
