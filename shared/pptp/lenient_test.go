package pptp

import (
	"errors"
	"strings"
	"testing"
)

// What others send is read as far as it makes sense.
func TestLenientTowardsPeers(t *testing.T) {
	for _, test := range []struct {
		name, layout string
		want         Message
	}{
		{"number lengths above 64 mean the whole field",
			"00DC 0001 1A2B3C4D 0009 0000  0001 1267 00000001 00000000 FFFF 0041 5551212/64 " + long64 + "/64 /64",
			IncomingCallRequest{1, 4711, Analog, 0, "5551212", long64, ""}},
		{"number length below its text cuts it: those are the valid digits",
			"00DC 0001 1A2B3C4D 0009 0000  0001 1267 00000001 00000000 0003 0000 5551212/64 5551212/64 /64",
			IncomingCallRequest{1, 4711, Analog, 0, "555", "", ""}},
		{"reserved fields hold anything",
			"0018 0001 1A2B3C4D 000F FFFF  0001 FFFF 00000001 00000002", SetLinkInfo{1, 1, 2}},
	} {
		if got, err := Parse(octets(t, test.layout)); err != nil || got != test.want {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
}

func TestTextEndsAtNUL(t *testing.T) {
	b := octets(t, golden[0].layout)
	copy(b[28:], "pac\x00rubbish")
	m, err := Parse(b)
	if got, ok := m.(StartControlConnectionRequest); err != nil || !ok || got.HostName != "pac" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWrongHeadersAreRefused(t *testing.T) {
	good := octets(t, "0010 0001 1A2B3C4D 0005 0000 00000007")
	for _, test := range []struct {
		name string
		at   int
		with []byte
		want error
	}{
		{"length 0", 0, []byte{0, 0}, ErrLength},
		{"length 1", 0, []byte{0, 1}, ErrLength},
		{"length of a header less one", 0, []byte{0, headerLen - 1}, ErrLength},
		{"length one less", 0, []byte{0, 15}, ErrLength},
		{"length one more", 0, []byte{0, 17}, ErrLength},
		{"length 65535", 0, []byte{0xFF, 0xFF}, ErrLength},
		{"cookie in the other order", 4, []byte{0x4D, 0x3C, 0x2B, 0x1A}, ErrCookie},
		{"cookie off by one bit", 7, []byte{0x4C}, ErrCookie},
		{"management message", 2, []byte{0, 2}, ErrUnknown},
		{"control type 0", 8, []byte{0, 0}, ErrUnknown},
		{"control type 16", 8, []byte{0, 16}, ErrUnknown},
		{"control type 65535", 8, []byte{0xFF, 0xFF}, ErrUnknown},
	} {
		b := append([]byte(nil), good...)
		copy(b[test.at:], test.with)
		if m, err := Parse(b); m != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %v, %v; want %v", test.name, m, err, test.want)
		}
	}
}

func TestAppendRefusesWhatDoesNotFit(t *testing.T) {
	long := strings.Repeat("5", 65)
	for _, test := range []struct {
		m    Message
		want string
	}{
		{StartControlConnectionRequest{HostName: long}, "Start-Control-Connection-Request: Host Name: 65 octets do not fit in 64"},
		{StartControlConnectionRequest{VendorName: long}, "Start-Control-Connection-Request: Vendor Name: 65 octets do not fit in 64"},
		{StartControlConnectionReply{HostName: long}, "Start-Control-Connection-Reply: Host Name: 65 octets do not fit in 64"},
		{OutgoingCallRequest{PhoneNumber: long}, "Outgoing-Call-Request: Phone Number: 65 octets do not fit in 64"},
		{OutgoingCallRequest{Subaddress: long}, "Outgoing-Call-Request: Subaddress: 65 octets do not fit in 64"},
		{IncomingCallRequest{DialedNumber: long}, "Incoming-Call-Request: Dialed Number: 65 octets do not fit in 64"},
		{IncomingCallRequest{DialingNumber: long}, "Incoming-Call-Request: Dialing Number: 65 octets do not fit in 64"},
		{IncomingCallRequest{Subaddress: "a\x00b"}, `Incoming-Call-Request: Subaddress: "a\x00b" holds a NUL`},
		{CallDisconnectNotify{Statistics: long + long}, "Call-Disconnect-Notify: Call Statistics: 130 octets do not fit in 128"},
	} {
		b, err := Append([]byte{1, 2}, test.m)
		if err == nil || err.Error() != test.want || len(b) != 2 {
			t.Errorf("%v: %x, %v; want %s", test.m.Type(), b, err, test.want)
		}
	}
}

func TestCodesHaveTheRFCsWords(t *testing.T) {
	for want, got := range map[string]string{
		"No-Resource":                 NoResource.String(),
		"PAC-Error":                   PACError.String(),
		"error code 7":                ErrorCode(7).String(),
		"requester is not authorized": StartNotAuthorized.String(),
		"result code 0":               StartResult(0).String(),
		"Stop-Local-Shutdown":         StopLocalShutdown.String(),
		"OK":                          ReplyOK.String(),
		"No Dial Tone":                OutgoingNoDialTone.String(),
		"result code 8":               OutgoingResult(8).String(),
		"Do Not Accept":               IncomingDoNotAccept.String(),
		"Lost Carrier":                LostCarrier.String(),
		"Request":                     Request.String(),
		"cause code 17":               CauseCode(17).String(),
		"Set-Link-Info":               TypeSetLinkInfo.String(),
		"control message type 16":     ControlType(16).String(),
		"wait_cs_ans":                 WaitAnswer.String(),
		"wait_ctl_reply":              WaitControlReply.String(),
		"incoming call, PAC":          IncomingPAC.String(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
