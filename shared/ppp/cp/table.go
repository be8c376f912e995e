package cp

type cell struct {
	do   Action
	next State
}

// Short names, so that the table reads as the RFC prints it.
const (
	tlu, tld, tls, tlf = TLU, TLD, TLS, TLF
	irc, zrc           = IRC, ZRC
	scr, sca, scn      = SCR, SCA, SCN
	str, sta           = STR, STA
	scj, ser           = SCJ, SER
)

var no = cell{do: Illegal} // the table's dash

// table is RFC 1661 §4.1, rows and columns in its order: a row's first line
// has the states 0 to 5 (Initial, Starting, Closed, Stopped, Closing,
// Stopping), its second 6 to 9 (Req-Sent, Ack-Rcvd, Ack-Sent, Opened).
var table = [events][states]cell{
	Up: {{0, 2}, {irc | scr, 6}, no, no, no, no,
		no, no, no, no},
	Down: {no, no, {0, 0}, {tls, 1}, {0, 0}, {0, 1},
		{0, 1}, {0, 1}, {0, 1}, {tld, 1}},
	Open: {{tls, 1}, {0, 1}, {irc | scr, 6}, {0, 3}, {0, 5}, {0, 5},
		{0, 6}, {0, 7}, {0, 8}, {0, 9}},
	Close: {{0, 0}, {tlf, 0}, {0, 2}, {0, 2}, {0, 4}, {0, 4},
		{irc | str, 4}, {irc | str, 4}, {irc | str, 4}, {tld | irc | str, 4}},

	TOPlus: {no, no, no, no, {str, 4}, {str, 5},
		{scr, 6}, {scr, 6}, {scr, 8}, no},
	TOMinus: {no, no, no, no, {tlf, 2}, {tlf, 3},
		{tlf, 3}, {tlf, 3}, {tlf, 3}, no},

	RCRPlus: {no, no, {sta, 2}, {irc | scr | sca, 8}, {0, 4}, {0, 5},
		{sca, 8}, {sca | tlu, 9}, {sca, 8}, {tld | scr | sca, 8}},
	RCRMinus: {no, no, {sta, 2}, {irc | scr | scn, 6}, {0, 4}, {0, 5},
		{scn, 6}, {scn, 7}, {scn, 6}, {tld | scr | scn, 6}},
	RCA: {no, no, {sta, 2}, {sta, 3}, {0, 4}, {0, 5},
		{irc, 7}, {scr, 6}, {irc | tlu, 9}, {tld | scr, 6}},
	RCN: {no, no, {sta, 2}, {sta, 3}, {0, 4}, {0, 5},
		{irc | scr, 6}, {scr, 6}, {irc | scr, 8}, {tld | scr, 6}},

	RTR: {no, no, {sta, 2}, {sta, 3}, {sta, 4}, {sta, 5},
		{sta, 6}, {sta, 6}, {sta, 6}, {tld | zrc | sta, 5}},
	RTA: {no, no, {0, 2}, {0, 3}, {tlf, 2}, {tlf, 3},
		{0, 6}, {0, 6}, {0, 8}, {tld | scr, 6}},

	RUC: {no, no, {scj, 2}, {scj, 3}, {scj, 4}, {scj, 5},
		{scj, 6}, {scj, 7}, {scj, 8}, {scj, 9}},
	RXJPlus: {no, no, {0, 2}, {0, 3}, {0, 4}, {0, 5},
		{0, 6}, {0, 6}, {0, 8}, {0, 9}},
	RXJMinus: {no, no, {tlf, 2}, {tlf, 3}, {tlf, 2}, {tlf, 3},
		{tlf, 3}, {tlf, 3}, {tlf, 3}, {tld | irc | str, 5}},

	RXR: {no, no, {0, 2}, {0, 3}, {0, 4}, {0, 5},
		{0, 6}, {0, 7}, {0, 8}, {ser, 9}},
}
