//go:build peers

package eaptls

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/eap"
)

// OpenSSL, which we did not write, speaks TLS with our server: the fragments
// are taken off its messages, for it knows nothing of EAP. Of TLS 1.2 it shows
// the keying material, which must be ours.
func TestOpenSSLHasTheSameKeys(t *testing.T) {
	for _, v := range []string{"-tls1_2", "-tls1_3"} {
		a := newAuthority(t)
		s, _ := a.pair(t, 1400, nil)
		said := openssl(t, a, s, "", v, "-keymatexport", "client EAP encryption", "-keymatexportlen", "128")
		key, err := s.MSK()
		if err != nil {
			t.Fatal(v, err)
		}
		if v == "-tls1_2" && !strings.Contains(said, fmt.Sprintf("Keying material: %X", key)) {
			t.Errorf("our key is %X, OpenSSL says\n%s", key, said)
		}
		if v == "-tls1_3" && !strings.HasSuffix(said, "\x00") {
			t.Errorf("OpenSSL has not read the success indication:\n%q", said)
		}
	}
}

func TestOpenSSLWithoutExtendedMasterSecret(t *testing.T) {
	a := newAuthority(t)
	s, _ := a.pair(t, 1400, nil)
	conf := "openssl_conf=a\n[a]\nssl_conf=b\n[b]\nsystem_default=c\n[c]\nOptions=-ExtendedMasterSecret\n"
	openssl(t, a, s, conf, "-tls1_2")
	if _, err := s.MSK(); err == nil || !strings.Contains(err.Error(), "Extended Master Secret") {
		t.Errorf("%v", err)
	}
}

// openssl lets a client log in at s, until s has told it so. It returns what
// the client has printed.
func openssl(t *testing.T, a *authority, s *Server, conf string, args ...string) string {
	dir := t.TempDir()
	hers := a.issue(t, "saran", nil)
	key, err := x509.MarshalPKCS8PrivateKey(hers.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: hers.Certificate[0]},
		"key": {Type: "PRIVATE KEY", Bytes: key}, "ca": {Type: "CERTIFICATE", Bytes: a.cert.Raw}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := exec.CommandContext(t.Context(), "openssl", append([]string{"s_client", "-connect", l.Addr().String(), "-servername", "denver",
		"-verify_return_error", "-cert", "cert", "-key", "key", "-CAfile", "ca"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "OPENSSL_CONF="+filepath.Join(dir, "conf"))
	var said bytes.Buffer
	cmd.Stdout = &said
	stdin, err := cmd.StdinPipe() // open: OpenSSL stays until the server hangs up
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	login(t, s, c)
	_ = c.Close()
	_ = cmd.Wait() // it says that the connection ended without a close_notify
	return said.String()
}

func login(t *testing.T, s *Server, c net.Conn) {
	t.Helper()
	_, err := s.Begin(1)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReaderSize(c, maxMessage)
	last := false
	for {
		message := []byte(nil)
		if !last { // a flight of OpenSSL's is one write
			if _, err := r.Peek(1); err != nil {
				t.Fatal(err)
			}
			message = make([]byte, r.Buffered())
			_, _ = r.Read(message)
		}
		step := s.Receive(append([]byte{0}, message...))
		if step.Do == eap.Decide {
			step = s.Answer(true)
		}
		if step.Do == eap.Succeed {
			return
		}
		var a assembler
		var out []byte
		for whole := false; !whole; {
			if step.Do != eap.Ask {
				t.Fatalf("%+v", step)
			}
			if out, _, whole, err = a.add(step.Data); err != nil {
				t.Fatal(err)
			}
			if !whole {
				step = s.Receive([]byte{0})
			}
		}
		if _, err := c.Write(out); err != nil {
			t.Fatal(err)
		}
		// After its last flight the server waits for an empty message only.
		last = s.stage == finished || s.stage == assured
	}
}
