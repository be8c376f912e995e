package modem

import (
	"strings"
	"testing"

	"carrier/shared/record"
)

// What modems say, as their manuals show it.
const (
	// U.S. Robotics, 56K Faxmodem: ATI6 and ATI11.
	usrReport = `
U.S. Robotics 56K FAX EXT Link Diagnostics...

Chars sent                 5340      Chars Received             88120
Chars lost                    0
Octets sent                4711      Octets Received            90210
Blocks sent                  88      Blocks Received             812
Blocks resent                 3

Retrains Requested            1      Retrains Granted              2
Line Reversals                0      Blers                         0
Link Timeouts                 0      Link Naks                     0

Data Compression       V42BIS 2048/32
Equalization           Long
Fallback               Enabled
Protocol               LAPM/SREJ
Speed                  31200/28800
V.90 Peak Speed        49333
Last Call              00:12:34

Disconnect Reason is DTR dropped

OK

Modulation                           V.34
Carrier Freq     (Hz)           1959/1829
Symbol Rate                     3429/3200
Recv/Xmit Level (-dBm)              23/10
SNR              (dB)                  38
Speed Shifts Up/Down                  4/5
Status :`
	// USRobotics Courier Dual Standard V.34, whose manual has it without a call.
	courierReport = `USRobotics Courier Dual Standard V.34 Fax Link Diagnostics...
Chars sent 0 Chars Received 0
Chars lost 0
Octets sent 0 Octets Received 0
Blocks sent 0 Blocks Received 0
Blocks resent 0
Retrains Requested 0 Retrains Granted 0
Line Reversals 0 Blers 0
Link Timeouts 0 Link Naks 0
Data Compression NONE
Equalization Long
Fallback Disabled
Last Call 00:00:00
Disconnect Reason is Keypress Abort`
	// ZyXEL U-1496: ATI2.
	zyxelReport = `
ZyXEL U-MODEM LINK STATUS REPORT
Chars Sent              2420   Chars Received          2420
Octets Sent              950   Octets Received          951
Blocks Sent               13   Blocks Received           13
Blocks Resent              2   Max Outstanding            8
Max Block Size           256   Retrain Requested          1
Link Duration              1   Retrain Granted            3
T401 Timeouts              0   T402 Timeouts              0
FCS Errors                 0   Round Trip Delay         110
Xmitter Underrun           0   Receiver Overrun           0
Last Speed/Protocol       Connect 14400/ARQ/V42b
Disconnect Reason         Local Hang Up`
	// Lucent's host-based modem: ATI11, both pages.
	lucentReport = `
    Description                  Status
    ---------------             ------------
  1 Last Connection             V.90
  2 Initial Transmit Carrier Rate 28800
  3 Initial Receive  Carrier Rate 49333
  4 Final   Transmit Carrier Rate 26400
  5 Final   Receive  Carrier Rate 48000
  6 Protocol Negotiation Result LAPM
  7 Data Compression Result     V42bis
  8 Estimated Noise Level       152
  9 Receive  Signal Power Level (-dBm) 25
 10 Transmit Signal Power Level (-dBm) 16
 11 Round Trip Delay (msec)     4
 14 Transmit Frame Count        3
 15 Transmit Frame Error Count  1
 18 Retrain by Local  Modem     2
 19 Retrain by Remote Modem     1
 20 Call Termination Cause      1
 23 Remote Server ID            NA`
	// Rockwell and Conexant: AT#UD.
	unimodemReport = `DIAG <2A4D3263 0=10>
DIAG <2A4D3263 1=8 2=0 3=0 4="C1:2" 5="C1:2">
DIAG <2A4D3263 10=1A 11=0D 12=40>
DIAG <2A4D3263 20=0C 21=0C 22=D65 23=D65>
DIAG <2A4D3263 26=7080 27=7080 30=0 31=3 32=1 33=2 34=6720 35=7080>
DIAG <2A4D3263 40=2 41=80 44=1 45=800>
DIAG <2A4D3263 52=14DC 53=15838 54=0 55=0 56=58 57=32C 58=5 59=2>
DIAG <2A4D3263 60=3C 61=0>`
)

func TestReadReports(t *testing.T) {
	for name, tt := range map[string]struct {
		read func([]string) record.LineReport
		text string
		want record.LineReport
	}{
		"usr": {readUSR, usrReport, record.LineReport{Cause: "DTR dropped", Modulation: "V.34", Protocol: "LAPM/SREJ", Transmit: 28800, Receive: 31200,
			Retrains: 3, RateChanges: 9, Signal: -23, SNR: 38, Resent: 3, OctetsSent: 4711, OctetsReceived: 90210}},
		"courier": {readUSR, courierReport, record.LineReport{Cause: "Keypress Abort"}},
		"zyxel":   {readUSR, zyxelReport, record.LineReport{Cause: "Local Hang Up", Retrains: 4, Resent: 2, OctetsSent: 950, OctetsReceived: 951}},
		"lucent": {readLucent, lucentReport, record.LineReport{Cause: "hung up by the caller", Modulation: "V.90", Protocol: "LAPM", Transmit: 26400,
			Receive: 48000, Retrains: 3, Signal: -25, Resent: 1}},
		"unimodem": {readUnimodem, unimodemReport, record.LineReport{Cause: "carrier lost", Modulation: "V.34", Transmit: 26400, Receive: 28800,
			Retrains: 3, RateChanges: 3, Signal: -26, SNR: 38, Resent: 5, OctetsSent: 5340, OctetsReceived: 88120}},
		"nothing":        {readUSR, "U.S. Robotics", record.LineReport{}},
		"nonsense":       {readUSR, "Speed 99999999999/-1\nRetrains Requested x\nSNR (dB) 100\nDisconnect Reason is", record.LineReport{}},
		"huge":           {readLucent, "Final Transmit Carrier Rate 4294967296\nCall Termination Cause 77", record.LineReport{Cause: "cause 77"}},
		"not a DIAG":     {readUnimodem, "DIAG <12345678 32=1>\nDIAG <2A4D3263 32=1\n<2A4D3263>\nDIAG <2A4D3263 =1 32= zz=1 132=1 34=FFFFFFFF>", record.LineReport{}},
		"unknown causes": {readUnimodem, "DIAG <2a4d3263 60=99 20=FF>", record.LineReport{Cause: "cause 99"}},
	} {
		if got := tt.read(strings.Split(tt.text, "\n")); got != tt.want {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, tt.want)
		}
	}
}

func FuzzReadReport(f *testing.F) {
	for _, s := range []string{usrReport, courierReport, zyxelReport, lucentReport, unimodemReport} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func([]string) record.LineReport{readUSR, readLucent, readUnimodem} {
			r := read(strings.Split(text, "\n"))
			if r.Signal > 0 || r.Signal < -maxLevel || r.SNR < 0 || r.SNR > maxLevel || r.Transmit < 0 || r.Transmit > maxRate || r.Receive < 0 || r.Receive > maxRate ||
				r.Retrains < 0 || r.RateChanges < 0 || r.Resent < 0 || len(r.Cause) > maxCause+6 || len(r.Protocol) > maxCause {
				t.Errorf("%q: %+v", text, r)
			}
		}
	})
}

func TestRecognise(t *testing.T) {
	for said, want := range map[string]string{
		"U.S. Robotics 56K FAX EXT V4.11.2":              "usr",
		"USRobotics Courier V.Everything":                "usr",
		"Sportster 33600/FAX RS Rev. 5.4":                "usr",
		"CX93001-EIS_V0.2002-V92":                        "conexant",
		"V1.301-V90_2M_DLP":                              "conexant",
		"ROCKWELL":                                       "conexant",
		"LT V.92 Data+Fax Modem Version 8.26":            "lucent",
		"Agere Systems SoftModem":                        "lucent",
		"MT5634ZBA-V92":                                  "multitech",
		"ZyXEL U-1496E":                                  "zyxel",
		"Quectel\nEG25\nRevision: EG25GGBR07A08M2G":      "cellular",
		"Sierra Wireless, Incorporated":                  "cellular",
		"ZiModem Firmware v3.5.4":                        "wifi",
		"Retro WiFi modem":                               "wifi",
		"Carrier exchange":                               "hayes",
		"56000":                                          "hayes",
		"\x00\xff?????":                                  "hayes",
		"Hayes Optima 288 V.FC + FAX":                    "hayes",
		"CONEXANT\nUSRobotics 5637, a Conexant chip set": "usr",
	} {
		if p, _ := recognise(strings.Split(said, "\n")); p.Name != want {
			t.Errorf("%q is taken for %s, want %s", said, p.Name, want)
		}
	}
}

// Each profile is complete, and can be named in a configuration.
func TestProfiles(t *testing.T) {
	names := ProfileNames()
	if names[0] != Auto || byName("no such").Name != "hayes" {
		t.Error(names)
	}
	for _, n := range names[1:] {
		p := byName(n)
		if p.Name != n || len(p.Init) == 0 || (p.read == nil) != (len(p.report) == 0) {
			t.Errorf("%s: %+v", n, p)
		}
		for _, m := range p.marks {
			if m != strings.ToUpper(m) {
				t.Errorf("%s: the mark %s is never found", n, m)
			}
		}
	}
}
