package rules

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipv6cp"
	"carrier/shared/ppp/lcp"
)

// The tables of the reference say what the programs do; here the programs do it.

var answers = map[string]cp.Code{"Ack": cp.ConfigureAck, "Nak": cp.ConfigureNak, "Reject": cp.ConfigureReject}

// wants holds an answer to a Configure-Request against its cell: a word, and
// options where they are not those that were sent.
func wants(t *testing.T, cell string, sent []byte, got cp.Packet) {
	t.Helper()
	word, octets, other := strings.Cut(plain(cell), " ")
	if got.Code == answers[word] && (other && like(octets, got.Data) || !other && bytes.Equal(got.Data, sent)) {
		return
	}
	t.Errorf("sent % x: the reference says %s, the answer is code %d with % x", sent, cell, got.Code, got.Data)
}

// requested holds a Configure-Request against the rows of a table: all of those
// without a setting are in it, in their order, and nothing else; those of a
// setting are in it under that.
func requested(a table, request func(t *testing.T, setting string) cp.Packet) {
	settings := map[string][]string{}
	for _, row := range a.rows {
		settings[code(row["with"])] = append(settings[code(row["with"])], code(row["asked"]))
	}
	for setting, asked := range settings {
		a.t.Run(setting, func(t *testing.T) {
			r := request(t, setting)
			opts, err := cp.ParseOptions(r.Data)
			if err != nil || setting == "" && len(opts) != len(asked) {
				t.Fatalf("asked for % x (%v), the reference says %q", r.Data, err, asked)
			}
			for i, want := range asked {
				is := func(o cp.Option) bool { return like(want, cp.AppendOptions(nil, []cp.Option{o})) }
				if setting == "" && !is(opts[i]) || !slices.ContainsFunc(opts, is) {
					t.Errorf("asked for % x, the reference says %s", r.Data, want)
				}
			}
		})
	}
}

func sara() auth.Login { return auth.Login{Name: "saran", Secret: auth.NewPassword("blue moon")} }

// online is a call whose caller is accepted, and has said nothing of a network.
func online(t *testing.T, s *server) *talk {
	t.Helper()
	k := s.call(t, "")
	if end := k.login(sara()); end != nil {
		t.Fatalf("refused: %v %s", end.Cause, end.Text)
	}
	return k
}

func TestReferenceOfLCP(t *testing.T) {
	all := &servers{t: t}
	requested(tableOf(t, "### What pns asks for in LCP"), func(t *testing.T, setting string) cp.Packet {
		return all.with(setting).call(t, "").request(ppp.LCP)
	})
	tableOf(t, "### Options of LCP").each(func(t *testing.T, row map[string]string) {
		optionOfLCP(all.with(code(row["with"])).call(t, ""), row)
	})
	tableOf(t, "### Other packets of LCP").each(func(t *testing.T, row map[string]string) {
		packetOfLCP(all.with("").call(t, ""), row)
		if row["phase"] == "Authenticate" { // holds for Network too
			row["phase"] = "Network"
			packetOfLCP(all.with("").call(t, ""), row)
		}
	})
}

// optionOfLCP asks for the option of a row.
func optionOfLCP(k *talk, row map[string]string) {
	k.t.Helper()
	own := fmt.Sprintf("% x", magicOf(k.t, k.request(ppp.LCP)))
	sent := hexed(k.t, strings.ReplaceAll(code(row["sent"]), "mm mm mm mm", own))
	wants(k.t, row["answer"], sent, k.asks(ppp.LCP, sent))
}

// packetOfLCP sends what is no negotiation: a code and its data, in a phase.
func packetOfLCP(k *talk, row map[string]string) {
	k.t.Helper()
	var own []byte
	switch row["phase"] {
	case "Establish":
		k.request(ppp.LCP)
	case "Authenticate":
		own = k.establish()
	default:
		if end := k.login(sara()); end != nil {
			k.t.Fatalf("refused: %v %s", end.Cause, end.Text)
		}
		own = magicOf(k.t, k.request(ppp.LCP))
	}
	sent := hexed(k.t, code(row["sent"]))
	k.say(ppp.LCP, cp.Packet{Code: cp.Code(sent[0]), ID: id, Data: sent[1:]})
	said, want := "nothing", strings.NewReplacer("mm mm mm mm", fmt.Sprintf("% x", own), "ii", "e7").Replace(plain(row["answer"]))
	if got := k.answer(ppp.LCP); got != nil {
		said = fmt.Sprintf("% x", append([]byte{byte(got.Code)}, got.Data...))
	}
	if said != want {
		k.t.Errorf("the reference says %s, the answer is %s", row["answer"], said)
	}
}

func TestReferenceOfIPCP(t *testing.T) {
	all := &servers{t: t}
	requested(tableOf(t, "### What pns asks for in IPCP"), func(t *testing.T, setting string) cp.Packet {
		return online(t, all.with(setting)).request(ppp.IPCP)
	})
	// A request without an address is told it, whatever else is in it.
	address := hexed(t, "03 06 02 01 01 81")
	tableOf(t, "### Options of IPCP").each(func(t *testing.T, row map[string]string) {
		sent := hexed(t, code(row["sent"]))
		if len(sent) > 0 && sent[0] != address[0] {
			sent = append(slices.Clone(address), sent...)
		}
		got := online(t, all.with(code(row["with"]))).asks(ppp.IPCP, sent)
		if row["answer"] == "Reject" {
			sent = bytes.TrimPrefix(sent, address)
		}
		wants(t, row["answer"], sent, got)
	})
}

func TestReferenceOfCCP(t *testing.T) {
	all := &servers{t: t}
	requested(tableOf(t, "### What pns asks for in CCP"), func(t *testing.T, setting string) cp.Packet {
		return online(t, all.with(setting)).request(ppp.CCP)
	})
	tableOf(t, "### Options of CCP").each(func(t *testing.T, row map[string]string) {
		sent := hexed(t, code(row["sent"]))
		wants(t, row["answer"], sent, online(t, all.with(code(row["with"]))).asks(ppp.CCP, sent))
	})
}

// IPV6CP is not offered without a TUN, which needs root: its package answers.
func TestReferenceOfIPV6CP(t *testing.T) {
	tableOf(t, "### Options of IPV6CP").each(func(t *testing.T, row map[string]string) {
		m := cp.NewMachine(ppp.IPV6CP, ipv6cp.New(ipv6cp.Options{Local: ipv6cp.Identifier{7: 1}}, nil), cp.Options{})
		var out ppp.Outbox
		m.Open(time.Time{}, &out)
		m.Up(time.Time{}, &out)
		out.Take()
		sent := hexed(t, code(row["sent"]))
		m.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: sent}, &out)
		got, err := cp.Parse(out.Take()[0][4:])
		if err != nil {
			t.Fatal(err)
		}
		wants(t, row["answer"], sent, got)
	})
}

// A packet of each protocol, in both phases in which others than LCP may come.
func TestReferenceOfProtocols(t *testing.T) {
	all := &servers{t: t}
	tableOf(t, "## Protocols").each(func(t *testing.T, row map[string]string) {
		s := all.with(code(row["with"]))
		k := s.call(t, "")
		k.establish()
		ofProtocol(k, row, "Authenticate")
		ofProtocol(online(t, s), row, "Network")
	})
}

// ofProtocol sends a packet of a row's protocol, in the phase that k is in.
func ofProtocol(k *talk, row map[string]string, phase string) {
	k.t.Helper()
	number := hexed(k.t, code(row["number"]))
	p := ppp.Protocol(number[0])<<8 | ppp.Protocol(number[1])
	k.say(p, cp.Packet{Code: cp.ConfigureRequest, ID: id})
	said := "nothing"
	if got := k.answer(p); got != nil {
		said = answered(*got, number)
	}
	if said != row[phase] {
		k.t.Errorf("%s in phase %s: the reference says %s, the answer is %s", row["what"], phase, row[phase], said)
	}
}

// answered names an answer to a Configure-Request without options.
func answered(got cp.Packet, number []byte) string {
	switch {
	case got.Code == lcp.ProtocolReject && bytes.HasPrefix(got.Data, append(slices.Clone(number), 1, id, 0, 4)):
		return "Protocol-Reject"
	case got.Code == cp.ConfigureAck:
		return "Ack"
	case got.Code == cp.ConfigureNak:
		return "Nak"
	}
	return "code " + hex.EncodeToString([]byte{byte(got.Code)})
}
