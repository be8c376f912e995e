package lcp

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"carrier/shared/ppp/cp"
)

var (
	pap  = []byte{0xC0, 0x23}
	md5  = []byte{0xC2, 0x23, 5}
	eap  = []byte{0xC2, 0x27}
	spap = []byte{0xC0, 0x27}
)

// A question is an option in a Configure-Request, and its answer.
type question struct {
	option, want string // hex
	code         cp.Code
	accept       [][]byte
	what         string
}

// asked is what a peer may put into its Configure-Request and what becomes of
// it: the whole option, then the reply's code and option; "" is an Ack.
var asked = []question{
	{"00 06 00 01 02 03", "00 06 00 01 02 03", cp.ConfigureReject, nil, "Reserved"},
	{"01 04 05 dc", "", cp.ConfigureAck, nil, "MRU 1500"},
	{"01 04 05 78", "", cp.ConfigureAck, nil, "MRU 1400"},
	{"01 04 ff ff", "", cp.ConfigureAck, nil, "MRU 65535"},
	{"01 04 00 80", "", cp.ConfigureAck, nil, "MRU 128"},
	{"01 04 00 7f", "01 04 00 80", cp.ConfigureNak, nil, "MRU 127"},
	{"01 04 00 00", "01 04 00 80", cp.ConfigureNak, nil, "MRU 0"},
	{"01 03 05", "01 04 05 dc", cp.ConfigureNak, nil, "MRU in 1 octet"},
	{"02 06 00 0a 00 00", "", cp.ConfigureAck, nil, "ACCM of XON and XOFF"},
	{"02 02", "02 06 ff ff ff ff", cp.ConfigureNak, nil, "ACCM without value"},
	{"03 04 c0 23", "", cp.ConfigureAck, [][]byte{md5, pap}, "PAP, which we can"},
	{"03 05 c2 23 80", "03 05 c2 23 05", cp.ConfigureNak, [][]byte{md5, pap}, "MS-CHAP, which we cannot"},
	{"03 05 c2 23 81", "03 04 c0 23", cp.ConfigureNak, [][]byte{pap}, "MS-CHAPv2, with PAP only"},
	{"03 04 c0 27", "03 05 c2 23 05", cp.ConfigureNak, [][]byte{md5}, "Shiva PAP"},
	{"03 02", "03 05 c2 23 05", cp.ConfigureNak, [][]byte{md5}, "authentication without a protocol"},
	{"03 04 c2 23", "03 05 c2 23 05", cp.ConfigureNak, [][]byte{md5}, "CHAP without an algorithm"},
	{"03 04 c0 23", "03 04 c0 23", cp.ConfigureReject, nil, "PAP, without a login"},
	{"04 08 c0 25 00 00 03 e8", "04 08 c0 25 00 00 03 e8", cp.ConfigureReject, nil, "Link Quality Report"},
	{"05 06 01 02 03 04", "", cp.ConfigureAck, nil, "Magic-Number"},
	{"05 06 00 00 00 00", "05 06 64 65 66 67", cp.ConfigureNak, nil, "Magic-Number zero"},
	{"05 06 60 61 62 63", "05 06 64 65 66 67", cp.ConfigureNak, nil, "our own Magic-Number"},
	{"05 04 01 02", "05 06 64 65 66 67", cp.ConfigureNak, nil, "Magic-Number of 2 octets"},
	{"07 02", "", cp.ConfigureAck, nil, "PFC"},
	{"07 03 00", "07 03 00", cp.ConfigureReject, nil, "PFC with a value"},
	{"08 02", "", cp.ConfigureAck, nil, "ACFC"},
	{"08 04 00 00", "08 04 00 00", cp.ConfigureReject, nil, "ACFC with a value"},
	{"09 03 02", "09 03 02", cp.ConfigureReject, nil, "FCS-Alternatives"},
	{"0a 03 04", "0a 03 04", cp.ConfigureReject, nil, "Self-Describing-Padding"},
	{"0b 04 01 02", "0b 04 01 02", cp.ConfigureReject, nil, "Numbered-Mode (RFC 1663), not in the table"},
	{"0d 03 06", "0d 03 06", cp.ConfigureReject, nil, "Callback by CBCP, as Windows asks"},
	{"0f 02", "0f 02", cp.ConfigureReject, nil, "Compound-Frames"},
	{"11 04 05 dc", "11 04 05 dc", cp.ConfigureReject, nil, "MRRU"},
	{"12 02", "12 02", cp.ConfigureReject, nil, "Short Sequence Number"},
	{"13 09 03 00 10 5a 01 02 03", "", cp.ConfigureAck, nil, "Endpoint Discriminator, MAC address"},
	{"13 03 00", "", cp.ConfigureAck, nil, "Endpoint Discriminator, null class"},
	{"13 17 01 30 31 32 33 34 35 36 37 38 39 30 31 32 33 34 35 36 37 38 39", "", cp.ConfigureAck, nil, "Endpoint Discriminator, local, 20 octets"},
	{"13 08 03 00 10 5a 01 02", "13 08 03 00 10 5a 01 02", cp.ConfigureReject, nil, "Endpoint Discriminator, short MAC address"},
	{"13 03 01", "13 03 01", cp.ConfigureReject, nil, "Endpoint Discriminator, local, empty"},
	{"13 04 06 01", "13 04 06 01", cp.ConfigureReject, nil, "Endpoint Discriminator, class 6"},
	{"13 02", "13 02", cp.ConfigureReject, nil, "Endpoint Discriminator without class"},
	{"17 04 00 01", "17 04 00 01", cp.ConfigureReject, nil, "Link Discriminator (RFC 2125), not in the table"},
	{"ff 02", "ff 02", cp.ConfigureReject, nil, "type 255"},
}

// askedOfMore is as asked, where we want Multilink, send reports and call back.
var askedOfMore = []question{
	{"11 04 05 dc", "", cp.ConfigureAck, nil, "MRRU 1500"},
	{"11 04 00 80", "", cp.ConfigureAck, nil, "MRRU 128"},
	{"11 04 00 7f", "11 04 00 80", cp.ConfigureNak, nil, "MRRU 127"},
	{"11 03 05", "11 04 05 dc", cp.ConfigureNak, nil, "MRRU in 1 octet"},
	{"12 02", "", cp.ConfigureAck, nil, "Short Sequence Number"},
	{"12 03 01", "12 03 01", cp.ConfigureReject, nil, "Short Sequence Number with a value"},
	{"13 09 03 00 10 5a 01 02 03", "", cp.ConfigureAck, nil, "Endpoint Discriminator, MAC address"},
	{"04 08 c0 25 00 00 03 e8", "", cp.ConfigureAck, nil, "Link Quality Report each 10 s"},
	{"04 08 c0 25 00 00 00 00", "", cp.ConfigureAck, nil, "Link Quality Report for each of the peer's"},
	{"04 08 c0 25 00 00 00 63", "04 08 c0 25 00 00 00 64", cp.ConfigureNak, nil, "Link Quality Report each 0.99 s"},
	{"04 04 c0 27", "04 08 c0 25 00 00 00 64", cp.ConfigureNak, nil, "another Quality-Protocol"},
	{"0d 03 06", "", cp.ConfigureAck, nil, "Callback by CBCP, as Windows asks"},
	{"0d 03 00", "", cp.ConfigureAck, nil, "Callback by who it is"},
	{"0d 07 00 61 62 63 64", "", cp.ConfigureAck, nil, "Callback by who it is, with a message"},
	{"0d 06 01 35 35 35", "", cp.ConfigureAck, nil, "Callback by dialling string"},
	{"0d 07 03 2b 34 39 31", "", cp.ConfigureAck, nil, "Callback by E.164 number"},
	{"0d 03 03", "0d 03 00", cp.ConfigureNak, nil, "Callback by E.164 number, without one"},
	{"0d 05 01 35 0d", "0d 03 00", cp.ConfigureNak, nil, "Callback by a dialling string with a CR"},
	{"0d 44 03" + strings.Repeat("31", 65), "0d 03 00", cp.ConfigureNak, nil, "Callback by a number of 65 digits"},
	{"0d 06 02 61 62 63", "0d 03 00", cp.ConfigureNak, nil, "Callback by location identifier"},
	{"0d 06 04 61 62 63", "0d 03 00", cp.ConfigureNak, nil, "Callback by distinguished name"},
	{"0d 03 05", "0d 03 00", cp.ConfigureNak, nil, "Callback by operation 5, of nobody"},
	{"0d 02", "0d 03 00", cp.ConfigureNak, nil, "Callback without operation"},
}

func TestEachOptionIsAnsweredByItsRule(t *testing.T) {
	seen := map[uint8]string{} // answers that came, by option
	for i, a := range slices.Concat(asked, askedOfMore) {
		option := octets(t, a.option)
		o := Options{Magic: true}
		if i >= len(asked) {
			o.Multilink.MRRU, o.Reports, o.CallsBack = 1500, true, true
		}
		r := newAuthRig(t, o, Authentication{Accept: a.accept}, Echo{})
		r.start()
		r.sent()
		r.recv(cp.ConfigureRequest, 8, option...)
		want := cp.Packet{Code: a.code, ID: 8, Data: octets(t, a.want)}
		if a.code == cp.ConfigureAck {
			want.Data = option
		}
		if got := r.sent(); len(got) != 1 || !bytes.Equal(got[0].Append(nil), want.Append(nil)) {
			t.Errorf("%s: answered % x, want % x", a.what, got, want)
		}
		seen[option[0]] += [...]string{cp.ConfigureAck: "Ack ", cp.ConfigureNak: "Nak ", cp.ConfigureReject: "Reject "}[a.code]
	}
	for _, rule := range rules {
		if seen[rule.option] == "" {
			t.Errorf("%s (%s) was not sent", rule.name, rule.section)
		}
		for _, word := range []string{"Ack", "Nak", "Reject"} {
			if strings.Contains(rule.answer, word) != strings.Contains(seen[rule.option], word) {
				t.Errorf("%s (%s): the rule says %q, the answers were %q", rule.name, rule.section, rule.answer, seen[rule.option])
			}
		}
		if (rule.judge == nil) != (rule.answer == "Reject") {
			t.Errorf("%s: %q does not fit its judge", rule.name, rule.answer)
		}
	}
}

// Several options are answered at once, and in the order of the request.
func TestAnswersKeepTheOrder(t *testing.T) {
	for _, tt := range []struct {
		what, request string
		code          cp.Code
		want          string
	}{
		{"Reject goes before Nak", "11 04 05 dc 01 04 00 10 07 02 13 03 00 12 02", cp.ConfigureReject, "11 04 05 dc 12 02"},
		{"Naks", "05 06 00 00 00 00 07 02 01 04 00 10", cp.ConfigureNak, "05 06 64 65 66 67 01 04 00 80"},
		{"Ack", "08 02 07 02 05 06 01 02 03 04 02 06 00 00 00 00", cp.ConfigureAck, "08 02 07 02 05 06 01 02 03 04 02 06 00 00 00 00"},
	} {
		r := newRig(t, Options{Magic: true}, Echo{})
		r.start()
		r.sent()
		r.recv(cp.ConfigureRequest, 1, octets(t, tt.request)...)
		if got := r.sent(); len(got) != 1 || got[0].Code != tt.code || !bytes.Equal(got[0].Data, octets(t, tt.want)) {
			t.Errorf("%s: %+v", tt.what, got)
		}
	}
}

// What the peer asked for is known when LCP opens, and forgotten in the next
// negotiation.
func TestAgreed(t *testing.T) {
	r := newAuthRig(t, Options{MRU: 1400, Magic: true, PFC: true, ACFC: true}, Authentication{[][]byte{md5}, [][]byte{pap}}, Echo{})
	if a := r.Agreed(); a.Ours.MRU != 1500 || a.Theirs.ACCM != 0xFFFFFFFF {
		t.Errorf("defaults %+v", a)
	}
	r.start()
	r.recv(cp.ConfigureRequest, 1, octets(t, "01 04 02 00 02 06 00 0a 00 00 03 04 c0 23 05 06 01 02 03 04 07 02 08 02 13 03 00")...)
	ours := r.sent()[0]
	want := octets(t, "01 04 05 78 02 06 00 00 00 00 03 05 c2 23 05 05 06 60 61 62 63 07 02 08 02")
	if ours.Code != cp.ConfigureRequest || !bytes.Equal(ours.Data, want) {
		t.Errorf("asked % x", ours.Data)
	}
	if a := r.Agreed(); a.Theirs.PFC || a.Ours.MRU != 1500 {
		t.Errorf("before Opened: %+v", a)
	}
	r.recv(cp.ConfigureAck, ours.ID, ours.Data...)
	a := r.Agreed()
	if h := a.Theirs; h.MRU != 512 || h.ACCM != 0x000A0000 || h.Magic != 0x01020304 || !bytes.Equal(h.Auth, pap) ||
		!h.PFC || !h.ACFC || !bytes.Equal(h.Endpoint, []byte{0}) {
		t.Errorf("theirs: %+v", h)
	}
	if h := a.Ours; h.MRU != 1400 || h.ACCM != 0 || h.Magic != 0x60616263 || !bytes.Equal(h.Auth, md5) || !h.PFC || !h.ACFC {
		t.Errorf("ours: %+v", h)
	}
	r.recv(cp.ConfigureRequest, 2)
	if a := r.Agreed(); a.Theirs.Auth != nil || a.Theirs.MRU != 1500 {
		t.Errorf("after a new request: %+v", a)
	}
}

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
