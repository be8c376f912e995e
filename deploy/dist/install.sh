#!/bin/sh
# Installs pac and pns from the unpacked archive this file lies in: programs in
# /usr/local/bin, units, users, and where there are none yet, configurations in
# /etc/carrier. Starts nothing. Run it as root; again for another version.
set -eu
cd "$(dirname "$0")"
install -m 755 bin/* /usr/local/bin/
install -d /etc/systemd/system /usr/lib/sysusers.d /etc/carrier
install -m 644 deploy/systemd/pac.service deploy/systemd/pns.service /etc/systemd/system/
install -m 644 deploy/systemd/carrier.sysusers /usr/lib/sysusers.d/carrier.conf
systemd-sysusers carrier.conf
for program in pac pns; do
  [ -e "/etc/carrier/$program.toml" ] ||
    install -m 640 -g "carrier-$program" "deploy/examples/$program.toml" "/etc/carrier/$program.toml"
done
systemctl daemon-reload
echo "edit /etc/carrier/pac.toml or pns.toml, try it with 'pac check' or 'pns check', then: systemctl enable --now pac (or pns)"
