package tun

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A side is how a rule knows an interface: by its name, which another one may get
// that takes its place, or by its index, which it keeps when it is renamed.
type side struct {
	in, out expr.MetaKey
	data    []byte
}

// sides are those of some of the interfaces. An interface that is there has two, so
// that at no time anybody comes in over it.
func (m *masquerade) sides(interfaces []string) (all []side) {
	for _, name := range interfaces {
		padded := make([]byte, unix.IFNAMSIZ)
		copy(padded, name)
		all = append(all, side{expr.MetaKeyIIFNAME, expr.MetaKeyOIFNAME, padded})
	}
	for _, index := range slices.Sorted(maps.Keys(m.known)) {
		if slices.Contains(interfaces, m.known[index]) {
			all = append(all, side{expr.MetaKeyIIF, expr.MetaKeyOIF, binary.NativeEndian.AppendUint32(nil, uint32(index))})
		}
	}
	return all
}

// called takes the news that an interface has a name. It returns which of ours it
// is, "" for none; the table knows it from now on.
func (m *masquerade) called(index int, name string) (ours string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ours = m.known[index]
	if m.ended || !slices.Contains(m.interfaces, name) || ours == name {
		return ours, nil
	}
	m.known[index] = name
	return name, m.fill()
}

// gone takes the news that there is an interface no more.
func (m *masquerade) gone(index int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, index)
}

// indexes are those of the interfaces that have some names now.
func indexes(links []netlink.Link, names []string) map[int]string {
	all := make(map[int]string)
	for _, i := range links {
		if a := i.Attrs(); slices.Contains(names, a.Name) {
			all[a.Index] = a.Name
		}
	}
	return all
}

// hides takes the news of an interface for the masquerade, and tells of one that is
// called otherwise than it is configured. It is hidden behind as before.
func (l *LAN) hides(own *owned, index int, name string) {
	if l.hidden == nil {
		return
	}
	ours, err := l.hidden.called(index, name)
	log := l.o.Log.With("interface", ours, "name", name)
	switch {
	case err != nil:
		log.Error("the masquerade does not follow an interface", "error", err)
	case ours == "" || ours == name:
		delete(own.renamed, index)
	case own.renamed[index] != name:
		if own.renamed == nil {
			own.renamed = make(map[int]string)
		}
		own.renamed[index] = name
		log.Warn("an interface of lan.tun.masquerade was renamed: callers are hidden there as before, until pns is restarted: give it its name back, or change lan.tun.masquerade")
	}
}
