// Package scenario makes whole calls in one process, from the caller's modem to
// a host on the company's LAN, and looks at how they end. Its tests need neither
// root nor any program but Go: the telephone network, both programs and the
// caller run in the test, and GRE travels over UDP on the loopback.
package scenario
