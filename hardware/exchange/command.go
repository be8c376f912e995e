package exchange

import (
	"strconv"
	"strings"
)

// none is a result that is reported later, or not at all.
const none result = 255

// character takes one character in command mode.
func (m *modem) character(c byte) {
	if m.profile.echo {
		m.say(string([]byte{c}))
	}
	ready, repeat := m.typing.push(c, &m.profile)
	if !ready {
		return
	}
	if !repeat {
		commands, err := m.typing.commands()
		if err != nil {
			m.report(resultError)
			return
		}
		m.last = commands
	}
	if r := m.execute(m.last); r != none {
		m.report(r)
	}
}

// execute does the commands of one line up to the first that fails, or that
// ends the line.
func (m *modem) execute(commands []command) result {
	for _, c := range commands {
		switch c.name {
		case "A":
			return m.doAnswer()
		case "D":
			return m.doDial(c.value)
		case "O":
			return m.doOnline()
		case "Z": // what follows on the line is ignored (V.250 §6.1.1)
			m.doHangUp()
			m.reset()
			return resultOK
		}
		if !m.set(c) && !m.show(c) && !accepted(c) {
			return resultError
		}
	}
	return resultOK
}

// reset takes the stored profile, on hook.
func (m *modem) reset() {
	m.network.offHook(m.line, false)
	m.profile = m.line.stored
	m.forget()
}

func (m *modem) doAnswer() result {
	switch {
	case m.mode == escaped:
		return resultError
	case m.answer():
		return none
	}
	return resultNoCarrier // nobody is there
}

// doDial calls a number. Of the dial string only the digits count; with a
// semicolon at its end nothing is called.
func (m *modem) doDial(s string) result {
	if strings.HasSuffix(s, ";") {
		return resultOK
	}
	number := digits(s)
	if s = strings.TrimLeft(s, "TP"); strings.HasPrefix(s, "L") {
		number = m.redial
	}
	switch {
	case m.mode == escaped:
		return resultError
	case number == "":
		return resultNoCarrier
	case !m.network.dial(m.now, m.line, number): // it has begun to ring
		return resultNoCarrier
	}
	m.redial, m.mode, m.since = number, waiting, m.now
	return none
}

func (m *modem) doOnline() result {
	if m.mode != escaped {
		return resultNoCarrier
	}
	m.mode = online
	m.report(resultConnect)
	m.escape.start(m.now)
	return none
}

func (m *modem) doHangUp() {
	if m.mode == escaped {
		m.hangUp(resultNoCarrier)
	}
}

// set does a command that sets something; false: it is none, or out of range.
func (m *modem) set(c command) bool {
	p := &m.profile
	flags := map[string]*bool{"E": &p.echo, "Q": &p.quiet, "V": &p.verbose}
	switch {
	case flags[c.name] != nil && c.n <= 1:
		*flags[c.name] = c.n == 1
	case c.name == "X" && c.n <= 4:
		p.level = c.n
	case c.name == "&C" && c.n <= 1:
		p.carrier = c.n
	case c.name == "&D" && c.n <= 3:
		p.ready = c.n
	case c.name == "H" && c.n == 0:
		m.doHangUp()
		m.network.offHook(m.line, false)
	case c.name == "H" && c.n == 1:
		m.network.offHook(m.line, true)
	case c.name == "&F":
		m.profile = factory()
		m.forget()
	case c.name == "&W":
		m.line.stored = m.profile
	case c.name == "S" && c.op == '=':
		v, err := strconv.Atoi("0" + c.value)
		if err != nil || v > 255 || c.n >= len(p.s) {
			return false
		}
		p.s[c.n] = byte(v)
	case (c.name == "+VCID" || c.name == "#CID") && c.op == '=' && (c.value == "0" || c.value == "1"):
		p.callerID = c.value == "1"
	case c.name == "+FCLASS" && c.op == '=' && c.value == "0":
	default:
		return false
	}
	return true
}

// show does a command that answers with text.
func (m *modem) show(c command) bool {
	p := &m.profile
	id := map[bool]string{false: "0", true: "1"}[p.callerID]
	texts := map[string]string{"+VCID?": id, "#CID?": id, "+VCID=?": "(0,1)", "#CID=?": "(0,1)",
		"+FCLASS?": "0", "+FCLASS=?": "(0)", "+GMI": "Carrier", "+GMM": "Exchange", "+GCAP": "+GCAP: +FCLASS"}
	name := c.name
	if c.op != 0 {
		name += string(c.op) + c.value
	}
	if c.name == "I" {
		name += strconv.Itoa(c.n)
	}
	if said := m.chipSays(name); said != nil {
		m.say(p.info(said...))
		return true
	}
	switch text, known := texts[name]; {
	case known:
		m.say(p.info(text))
	case c.name == "S" && c.op == '?' && c.n < len(p.s):
		m.say(p.info(strings.Repeat("0", 3-len(strconv.Itoa(int(p.s[c.n])))) + strconv.Itoa(int(p.s[c.n]))))
	case c.name == "I" && c.n == 1:
		m.say(p.info(m.line.number))
	case c.name == "I" && c.n == 4, c.name == "&V":
		m.say(p.info(p.lines()...))
	case c.name == "I" && c.n <= 7:
		m.say(p.info("Carrier exchange"))
	default:
		return false
	}
	return true
}

// forget is what a reset does to the memory of the last call, as AT#UD's
// specification wants.
func (m *modem) forget() {
	if m.line.chip == Conexant {
		m.past = past{}
	}
}

// accepted says whether a command that real modems know is taken with OK
// though it changes nothing here: loudspeaker, flow control, modulation,
// compression and the like.
func accepted(c command) bool {
	switch {
	case len(c.name) == 1:
		return strings.Contains("BCFLMNPTWY", c.name)
	case c.name[0] != '+' && c.name[0] != '#':
		return true
	}
	for _, s := range []string{"+MS", "+MR", "+ES", "+ER", "+EB", "+ESR", "+EFCS", "+DS", "+DR", "+ICF", "+IFC", "+ILRR", "+IPR"} {
		if c.name == s {
			return true
		}
	}
	return false
}
