#!/bin/sh
# Makes a stand-in for docker.io/library/python:VERSION-slim-bookworm where no image registry can be reached, and prints
# VERSION. It proves our Dockerfile, not the official image: Debian by debootstrap with a CPython that is already on this
# machine (from pyenv, relocated to /usr/local), else Debian's own. Needs root. Made once, in FOLDER.
#
#   base_image.sh FOLDER PYTHON      PYTHON: the interpreter whose pip configuration the image gets
set -eu
folder=$1
python=$2
version=3.12
prefix=$(pyenv prefix "$(pyenv latest "$version" 2>/dev/null)" 2>/dev/null) || version=3.11
image=docker.io/library/python:$version-slim-bookworm
storage="--root $folder/store --runroot /run/training-exporter-tests --storage-driver overlay"

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

# shellcheck disable=SC2086 # a list of flags
if [ -n "$(buildah $storage images --quiet --filter "reference=$image" 2>/dev/null)" ]; then
    echo "$version"
    exit 0
fi

work=$(mktemp -d "$folder/base.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/rootfs

# What the official image holds beside Python: the libraries that its modules are linked with.
packages=ca-certificates,libbz2-1.0,libexpat1,libffi8,liblzma5,libncursesw6,libnsl2,libreadline8,libsqlite3-0,libssl3,libuuid1,netbase,tzdata,zlib1g
[ -n "$prefix" ] || packages=$packages,python3,python3-pip,python3-venv
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
debootstrap --variant=minbase --include="$packages" bookworm "$root" ${mirror:+"$mirror"} >"$folder/debootstrap.log" 2>&1
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

if [ -n "$prefix" ]; then
    tar -C "$prefix" --exclude="lib/python$version/test" --exclude="lib/python$version/site-packages/*" --exclude='*.pyc' \
        -cf - bin include lib | tar -C "$root/usr/local" -xf -
    # Scripts of the copied installation name its old place; ensurepip makes pip anew.
    (cd "$root/usr/local/bin" && rm -f pip* 2to3* idle* pydoc* && ln -sf "python$version" python3)
    echo /usr/local/lib >"$root/etc/ld.so.conf.d/local-python.conf"
    chroot "$root" ldconfig
    chroot "$root" /usr/local/bin/python3 -m ensurepip >>"$folder/debootstrap.log" 2>&1
    ln -sf pip3 "$root/usr/local/bin/pip"
    ln -sf python3 "$root/usr/local/bin/python"
else
    ln -sf /usr/bin/python3 "$root/usr/local/bin/python"
fi

# Where this machine reaches its package index by a mirror or with a certificate of its own, so must the image.
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
fi
{
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
    "$python" -m pip config list | sed -n -E "s/^(global|:env:)\.(index-url|trusted-host)='(.*)'$/\2 = \3/p" | sort -u -t= -k1,1
} >"$root/etc/pip.conf"

tar -C "$root" --numeric-owner -cf "$work/rootfs.tar" .
cat >"$work/Dockerfile" <<'END'
FROM scratch
ADD rootfs.tar /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
CMD ["python3"]
END
rm -rf "$root"
# shellcheck disable=SC2086
buildah $storage build --isolation chroot --tag "$image" "$work" >"$folder/buildah.log" 2>&1
echo "$version"
