# Makes the packages, for ./build --packages and for their tests. eng/scripts.sh comes before it.
# shellcheck shell=bash

# Everything that a package is made of, newer than which the packages must be.
packages_up_to_date() {
    [ -e "$1" ] && [ -d dist/packages ] && up_to_date "$1" && [ -z "$(find packaging python/kbus src/Kbus.Extensions.Hosting eng build install uninstall LICENSE README.md \
        CHANGELOG.md docs/python.md -newer "$1" -not -name '*.pyc' -not -name __pycache__ -print -quit 2>/dev/null)" ]
}

# All files get the time of the last commit, so that two builds of it are the same, byte by byte.
set_source_date() {
    [ -n "${SOURCE_DATE_EPOCH:-}" ] || SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null)
    [ -n "$SOURCE_DATE_EPOCH" ] || die "this is no checkout of git, so set SOURCE_DATE_EPOCH to the time of the release, in seconds"
    export SOURCE_DATE_EPOCH
    export LC_ALL=C TZ=UTC
    umask 022
}

# make_packages: dist/packages, from what ./build has made in dist.
make_packages() {
    local out=dist/packages.new
    set_source_date
    need_packages binutils:readelf dpkg:dpkg-deb xz-utils:xz
    rm -rf $out
    mkdir -p $out
    make_nuget_packages $out
    make_debian_packages $out
    say "packing for Python ..."
    quietly artifacts/log/wheel.log python3 eng/wheel.py $out dist/lib/libkbus.so dist/bin/kbusd || die "could not make the wheel"
    quietly artifacts/log/sdist.log python3 eng/wheel.py $out --sdist || die "could not make the sdist"
    quietly artifacts/log/sbom.log python3 eng/sbom.py $out || die "could not make the SBOM"
    (cd $out && sha256sum -- * | LC_ALL=C sort -k 2 >../SHA256SUMS && mv ../SHA256SUMS .) || die "could not write the checksums"
    rm -rf dist/packages
    mv $out dist/packages
}

# The daemon goes into the packages for each machine for which it was compiled.
make_nuget_packages() {
    local out=$1 daemons=artifacts/daemons
    say "packing for NuGet ..."
    rm -rf $daemons artifacts/pack/out
    mkdir -p "$daemons/$rid"
    cp dist/bin/kbusd "$daemons/$rid/"
    if [ "$rid" = linux-x64 ] && [ -x artifacts/aot-arm64/out/kbusd/kbusd ]; then
        mkdir -p $daemons/linux-arm64
        cp artifacts/aot-arm64/out/kbusd/kbusd $daemons/linux-arm64/
    fi
    local published=
    case $(git remote get-url origin 2>/dev/null) in https://*) published=-p:PublishRepositoryUrl=true ;; esac
    # Apart from the plain builds, of which the programs are no .NET tools.
    quietly artifacts/log/pack.log dotnet pack eng/packages.slnf -c Release -warnaserror --artifacts-path artifacts/pack -o artifacts/pack/out \
        "-p:KbusDaemons=$PWD/$daemons" -p:ContinuousIntegrationBuild=true $published -v quiet --nologo || die "could not pack for NuGet"
    quietly artifacts/log/nupkg.log python3 eng/nupkg.py "$out" artifacts/pack/out/*.nupkg artifacts/pack/out/*.snupkg || die "could not pack for NuGet"
}

# put MODE SOURCE TARGET: installs a file into the package that is being made.
put() {
    install -D -m "$1" "$2" "$root/$3"
}

# put_compressed SOURCE TARGET: the same, compressed as Debian wants manual pages and changelogs.
put_compressed() {
    mkdir -p "$root/$(dirname "$2")"
    gzip -9 -n -c "$1" >"$root/$2.gz"
    chmod 644 "$root/$2.gz"
}

make_debian_packages() {
    local out=$1 package root architecture triplet version file
    local maintainer=${KBUS_MAINTAINER:-The KBUS authors <maintainers@kbus.example.org>}
    say "packing for Debian ..."
    version=$(cat VERSION)
    architecture=$([ "$rid" = linux-arm64 ] && echo arm64 || echo amd64)
    triplet=$(uname -m)-linux-gnu
    for package in kbus libkbus1 libkbus-dev python3-kbus; do
        root=artifacts/debian/$package
        rm -rf "$root"
        mkdir -p "$root"
        "fill_${package//-/_}"
        fill_documents
        fill_control
        find "$root" -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
        file=$out/${package}_${version}_$(sed -n 's/^Architecture: //p' "$root/DEBIAN/control").deb
        quietly artifacts/log/deb.log dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$file" || die "could not make $file"
    done
}

fill_kbus() {
    local file
    put 755 dist/bin/kbus usr/bin/kbus
    put 755 dist/bin/kbusd usr/bin/kbusd
    for file in packaging/systemd/*.service packaging/systemd/*.socket; do put 644 "$file" "usr/lib/systemd/system/${file##*/}"; done
    put 644 packaging/systemd/user/kbusd.service usr/lib/systemd/user/kbusd.service
    put 644 packaging/systemd/sysusers.d/kbus.conf usr/lib/sysusers.d/kbus.conf
    put 644 packaging/systemd/tmpfiles.d/kbus.conf usr/lib/tmpfiles.d/kbus.conf
    put 644 packaging/config/kbusd.default etc/default/kbusd
    for file in config/kbusd.json config/policy.json apparmor/usr.bin.kbusd; do
        put 644 "packaging/$file" "usr/share/doc/kbus/examples/${file##*/}"
    done
    put 644 packaging/completions/kbus.bash usr/share/bash-completion/completions/kbus
    put 644 packaging/completions/_kbus usr/share/zsh/vendor-completions/_kbus
    put 644 packaging/completions/kbus.fish usr/share/fish/vendor_completions.d/kbus.fish
    put_compressed packaging/man/kbus.1 usr/share/man/man1/kbus.1
    put_compressed packaging/man/kbusd.8 usr/share/man/man8/kbusd.8
    put 644 packaging/debian/kbus/README.Debian usr/share/doc/kbus/README.Debian
}

fill_libkbus1() {
    put 644 dist/lib/libkbus.so "usr/lib/$triplet/libkbus.so.$version"
    ln -s "libkbus.so.$version" "$root/usr/lib/$triplet/libkbus.so.1"
    put 644 packaging/libkbus/kbus.supp usr/share/kbus/kbus.supp
}

fill_libkbus_dev() {
    local file
    for file in kbus.h limpet.h kbus/kbus.h kbus/limpet.h linux/kbus_defns.h; do put 644 "dist/include/$file" "usr/include/$file"; done
    put 644 dist/lib/libkbus.a "usr/lib/$triplet/libkbus.a"
    ln -s libkbus.so.1 "$root/usr/lib/$triplet/libkbus.so"
    for file in dist/lib/cmake/Kbus/*; do put 644 "$file" "usr/lib/$triplet/cmake/Kbus/${file##*/}"; done
    mkdir -p "$root/usr/lib/$triplet/pkgconfig"
    sed "s|^prefix=.*|prefix=/usr|; s|^libdir=.*|libdir=\${prefix}/lib/$triplet|" dist/lib/pkgconfig/kbus.pc >"$root/usr/lib/$triplet/pkgconfig/kbus.pc"
    for file in packaging/man/*.3; do put_compressed "$file" "usr/share/man/man3/${file##*/}"; done
}

fill_python3_kbus() {
    local file
    for file in python/kbus/*.py python/kbus/py.typed; do put 644 "$file" "usr/lib/python3/dist-packages/kbus/${file##*/}"; done
}

# What every package has below usr/share/doc.
fill_documents() {
    local documents=usr/share/doc/$package
    mkdir -p "$root/$documents"
    cat packaging/debian/copyright LICENSE >"$root/$documents/copyright"
    {
        printf 'kbus (%s) unstable; urgency=medium\n\n' "$version"
        printf '  * Version %s. CHANGELOG.md of KBUS says what is new in it.\n\n' "$version"
        printf ' -- %s  %s\n' "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")"
    } >artifacts/debian/changelog
    put_compressed artifacts/debian/changelog "$documents/changelog"
    if [ -e "packaging/debian/$package/lintian-overrides" ]; then
        put 644 "packaging/debian/$package/lintian-overrides" "usr/share/lintian/overrides/$package"
    fi
}

# What dpkg reads: the description with its blanks filled in, the scripts, and the checksums of all files.
fill_control() {
    local file
    mkdir -p "$root/DEBIAN"
    (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >artifacts/debian/md5sums
    for file in control shlibs triggers conffiles preinst postinst prerm postrm; do
        [ -e "packaging/debian/$package/$file" ] || continue
        sed "s|@VERSION@|$version|; s|@ARCH@|$architecture|; s|@MAINTAINER@|$maintainer|
            s|@GLIBC_PROGRAMS@|$(python3 eng/elf.py glibc dist/bin/kbus dist/bin/kbusd)|
            s|@GLIBC_LIBRARY@|$(python3 eng/elf.py glibc dist/lib/libkbus.so)|" "packaging/debian/$package/$file" >"$root/DEBIAN/$file"
        case $file in pre* | post*) chmod 755 "$root/DEBIAN/$file" ;; esac
    done
    sed -i "s|^Maintainer:|Installed-Size: $(du -k -s --apparent-size "$root" | cut -f 1)\n&|" "$root/DEBIAN/control"
    install -m 644 artifacts/debian/md5sums "$root/DEBIAN/md5sums"
}
