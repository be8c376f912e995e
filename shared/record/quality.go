package record

import "fmt"

// A Quality is what became of a call's frames between the last two
// Link-Quality-Reports (RFC 1989) of its caller.
type Quality struct {
	Up   *Loss `json:"up,omitempty"`   // from the caller; nil: not known
	Down *Loss `json:"down,omitempty"` // to her, as she tells it
}

// A Loss is that of one direction, in frames.
type Loss struct {
	Sent uint32 `json:"sent"`
	Lost uint32 `json:"lost"`
}

// Above tells whether more than so many of a hundred frames were lost. Of nil
// none are known to be.
func (l *Loss) Above(percent int) bool {
	return l != nil && uint64(l.Lost)*100 > uint64(percent)*uint64(l.Sent)
}

// String is like "3 of 120".
func (l *Loss) String() string {
	if l == nil {
		return "unknown"
	}
	return fmt.Sprintf("%d of %d", l.Lost, l.Sent)
}
