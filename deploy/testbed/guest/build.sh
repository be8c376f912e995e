#!/bin/bash
# Builds the guest of the tests: a stock Debian kernel and an initramfs with
# Debian's own pppd, chat, pptp and pptpd, all from packages.
#   build.sh FOLDER     leaves vmlinux and initrd.img there; does nothing when
#                       they are there. Guests made otherwise have another name
#                       beside it, and share the kernel
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?folder} all=$(dirname "$1")
mkdir -p "$out"
exec 9>"$all/lock"; flock 9
[ ! -e "$out/initrd.img" ] || exit 0
find "$all" -mindepth 1 -maxdepth 1 -type d ! -name 'kernel-*' ! -name "$(basename "$out")" -mtime +7 -exec rm -rf {} +

# The kernel: the one package that linux-image-amd64 names. It is unpacked, not
# installed.
named() { apt-cache depends linux-image-amd64 2>/dev/null | awk '$1=="Depends:" && $2 ~ /^linux-image-[0-9]/ {print $2; exit}'; }
package=$(named)
if [ -z "$package" ]; then apt-get update -qq; package=$(named); fi
version=${package#linux-image-}
kernel=$all/kernel-$version
if [ ! -e "$kernel/boot/vmlinuz-$version" ]; then
  echo "downloading $package (about 70 MB)"
  rm -rf "$out/download"; mkdir -p "$out/download" "$kernel"
  (cd "$out/download" && apt-get download -qq -o APT::Sandbox::User=root "$package")
  dpkg-deb -x "$out/download/$package"_*.deb "$kernel"
  rm -rf "$out/download"
fi

# The root file system.
root=$out/root
rm -rf "$root"
mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc/ppp/peers,var/lib/dhcpv6,proc,sys,dev,tmp,run/lock,var/log,share,root}
for d in bin sbin lib lib64; do ln -s "usr/$d" "$root/$d"; done
ln -s ../run "$root/var/run"; ln -s ../run/lock "$root/var/lock"
canonical() { echo "$(readlink -f "$(dirname "$1")")/$(basename "$1")"; }
put() { # a file to the same place in the guest, with the libraries it needs
  local f l; f=$(canonical "$1")
  [ -e "$root$f" ] || { mkdir -p "$root$(dirname "$f")"; cp -L "$f" "$root$f"; }
  for l in $(ldd "$f" 2>/dev/null | grep -o '/[^ ]*' || true); do
    l=$(canonical "$l")
    [ -e "$root$l" ] || { mkdir -p "$root$(dirname "$l")"; cp -L "$l" "$root$l"; }
  done
}
for b in bash date pppd pppstats chat pptp pptpd pptpctrl ip ping sha256sum ser2net nft wg wg-quick swanctl charon-systemd dumpcap dhcp6c; do
  put "$(PATH=/usr/bin:/usr/sbin:/bin:/sbin command -v "$b")"
done
for f in /usr/libexec/*/gensio/*/libgensio_{net,telnet,serialdev}.so \
  /usr/lib/ipsec/plugins/*.so /etc/swanctl/swanctl.conf /etc/strongswan.conf /etc/strongswan.d/{,charon/}*.conf /usr/lib/x86_64-linux-gnu/libgcc_s.so.1 \
  /usr/lib/pppd/*/*.so /usr/lib/pptpd/*.so /usr/lib/x86_64-linux-gnu/ossl-modules/legacy.so \
  /usr/lib/x86_64-linux-gnu/libnss_files.so.2; do [ -e "$f" ] && put "$f"; done
busybox=$(command -v busybox); cp -L "$busybox" "$root/usr/bin/busybox"
for a in $("$busybox" --list); do
  [ -e "$root/usr/bin/$a" ] || [ -e "$root/usr/sbin/$a" ] || ln -s busybox "$root/usr/bin/$a"
done
ln -sf ../bin/ip "$root/usr/sbin/ip"
ln -sf ../bin/busybox "$root/usr/sbin/modprobe"
cp "$here/init" "$root/init"; chmod 755 "$root/init"
gcc -O -Wall -Werror -shared -fPIC -o "$root/usr/lib/pppd/again.so" "$here/again.c"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\ntty:x:5:\ndip:x:30:\nnogroup:x:65534:\n' >"$root/etc/group"
printf '127.0.0.1 localhost guest\n' >"$root/etc/hosts"
printf 'passwd: files\ngroup: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
printf 'icmp 1 ICMP\ntcp 6 TCP\ngre 47 GRE\nudp 17 UDP\n' >"$root/etc/protocols"
: >"$root/etc/ppp/options"
printf '#!/bin/sh\n: >/tmp/$1.up\n' >"$root/etc/ppp/ip-up"; chmod 755 "$root/etc/ppp/ip-up"
chmod 1777 "$root/tmp"

# Kernel modules, with what they depend on.
modules=$root/lib/modules/$version
mkdir -p "$modules"
cp "$kernel/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$modules/"
[ -e "$kernel/lib/modules/$version/modules.dep" ] || depmod -b "$kernel" "$version"
for m in virtio_pci virtio_net virtio_console 9p 9pnet_virtio ppp_generic ppp_async ppp_deflate bsd_comp ppp_mppe pptp gre slhc xhci_pci ftdi_sio vhci_hcd cdc_acm \
  veth bridge wireguard ip_gre xfrm_user esp4 gcm ctr crypto_null sha512-generic drbg ghash-generic seqiv nf_tables; do
  modprobe -S "$version" -d "$kernel" --show-depends "$m" 2>/dev/null | awk '$1=="insmod"{print $2}'
done | sort -u | while read -r f; do
  to=$modules/${f#"$kernel"/lib/modules/"$version"/}
  mkdir -p "$(dirname "$to")"; cp "$f" "$to"
done
depmod -b "$root" "$version"
# The kernel's own unpackers are slow in an emulated processor: the files are not
# compressed, and the ELF image is taken out of the bzImage (its header:
# Documentation/arch/x86/boot.rst).
(cd "$root" && find . -print0 | cpio --null -o -H newc --quiet -R 0:0) >"$out/initrd.new"
image=$kernel/boot/vmlinuz-$version
field() { od -An -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
offset=$(( ($(field $((0x1f1)) 1) + 1) * 512 + $(field $((0x248)) 4) )) length=$(field $((0x24c)) 4)
dd if="$image" bs=1M iflag=skip_bytes,count_bytes skip="$offset" count=$((length - 4)) status=none |
  xz -dc --single-stream >"$out/vmlinux.new" 2>/dev/null || cp "$image" "$out/vmlinux.new"
rm -rf "$root"
mv "$out/vmlinux.new" "$out/vmlinux"; mv "$out/initrd.new" "$out/initrd.img"
echo "guest: kernel $version, $(du -h "$out/initrd.img" | cut -f1) initramfs in $out"
