package telnet

// An agreement is what the ends think of one option in one direction. RFC 1143
// has more states, for those who ask for an option to be given up; we never do.
type agreement uint8

const (
	unasked agreement = iota
	asked             // WANTYES
	agreed            // YES
	refused           // NO, after we asked
)

// agreements are those of the options known here.
type agreements [4]agreement

// slot is an option's place in agreements; false for those unknown.
func slot(o Option) (int, bool) {
	switch o {
	case Binary:
		return 0, true
	case Echo:
		return 1, true
	case SuppressGoAhead:
		return 2, true
	case ComPort:
		return 3, true
	}
	return 0, false
}

func (a *agreements) of(o Option) agreement {
	if i, ok := slot(o); ok {
		return a[i]
	}
	return unasked
}

// ask begins a negotiation.
func (c *Codec) ask(side *agreements, command byte, o Option) {
	i, _ := slot(o)
	if side[i] == unasked {
		side[i] = asked
		c.replies = append(c.replies, iac, command, byte(o))
	}
}

// negotiate takes the far end's word on an option. Only what changes something,
// or asks for what we refuse, is answered, so that no negotiation goes round
// (RFC 1143).
func (c *Codec) negotiate(command byte, o Option) {
	side, yes, no := &c.ours, byte(will), byte(wont)
	if command == will || command == wont {
		side, yes, no = &c.theirs, do, dont
	}
	i, known := slot(o)
	want := command == will || command == do
	switch {
	case want && !known, want && side[i] != asked && side[i] != agreed && !c.accepts(side, o):
		c.reply(no, o)
	case want:
		if side[i] != asked && side[i] != agreed {
			c.reply(yes, o)
		}
		side[i] = agreed
	case known && side[i] == agreed:
		side[i] = refused
		c.reply(no, o)
	case known && side[i] == asked:
		side[i] = refused
	}
}

// accepts says whether we agree to what we have not asked for. Nobody may echo
// at us: PPP would see itself.
func (c *Codec) accepts(side *agreements, o Option) bool {
	switch o {
	case Echo:
		return c.answers && side == &c.ours
	case ComPort:
		return false
	default:
		return true
	}
}

func (c *Codec) reply(command byte, o Option) { c.replies = append(c.replies, iac, command, byte(o)) }

// An Answer is what became of something that was asked.
type Answer uint8

// The answers.
const (
	Pending Answer = iota
	Yes
	No
)

// Ours says whether the far end lets us do an option that we offered.
func (c *Codec) Ours(o Option) Answer {
	switch c.ours.of(o) {
	case agreed:
		return Yes
	case refused:
		return No
	default:
		return Pending
	}
}
