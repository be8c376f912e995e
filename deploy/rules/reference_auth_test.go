package rules

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/eap"
)

// A caller answers the demand for a method as the row says, again and again;
// what is asked for in the end is in the row too.
func TestReferenceOfMethods(t *testing.T) {
	all := &servers{t: t}
	tableOf(t, "### Which method is asked for").each(func(t *testing.T, row map[string]string) {
		k := all.with(code(row["with"])).call(t, "")
		refused(k, row)
	})
}

// refused refuses the methods that a program demands, as a row says.
func refused(k *talk, row map[string]string) {
	k.t.Helper()
	r := k.request(ppp.LCP)
	for _, m := range regexp.MustCompile("(Nak|Reject) `([^`]*)`").FindAllStringSubmatch(row["sent"], -1) {
		k.say(ppp.LCP, cp.Packet{Code: answers[m[1]], ID: r.ID, Data: hexed(k.t, m[2])})
		last := r
		r = k.await("another demand", func(p ppp.Protocol, packet cp.Packet) bool {
			return p == ppp.LCP && packet.ID != last.ID && (packet.Code == cp.ConfigureRequest || packet.Code == cp.TerminateRequest)
		})
	}
	got := fmt.Sprintf("Terminate-Request %q", r.Data)
	if r.Code == cp.ConfigureRequest {
		opts, err := cp.ParseOptions(r.Data)
		if err != nil {
			k.t.Fatal(err)
		}
		for _, o := range opts {
			if o.Type == 3 {
				got = fmt.Sprintf("% x", cp.AppendOptions(nil, []cp.Option{o}))
			}
		}
	}
	if got != plain(row["then"]) {
		k.t.Errorf("the reference says %s, what came is %s", row["then"], got)
	}
}

// The conversations of each method: who comes, and what she hears.
func TestReferenceOfAuthentication(t *testing.T) {
	a := tableOf(t, "### What a caller hears")
	authority := newAuthority(t)
	all, users := &servers{t: t}, map[string]string{} // those of a setting
	for i, row := range a.rows {
		row["name"] = fmt.Sprintf("user%d", i)
		row["setting"] = authority.methods(row)
		users[row["setting"]] += account(row)
	}
	a.each(func(t *testing.T, row map[string]string) {
		method, err := auth.ParseMethod(code(row["method"]))
		if err != nil {
			t.Fatal(err)
		}
		all.users = users[row["setting"]]
		s, login := all.with(row["setting"]), auth.Login{Name: row["name"], Secret: auth.NewPassword("blue moon"), Allow: []auth.Method{method}}
		from := ""
		switch caller := row["caller"]; {
		case strings.HasPrefix(caller, "wrong password"):
			login.Secret = auth.NewPassword("red moon")
		case caller == "unknown name":
			login.Name = "nobody"
		case strings.HasPrefix(caller, "right password after a wrong one"):
			from = "4045559999"
			wrong := login
			wrong.Secret = auth.NewPassword("red moon")
			s.call(t, from).login(wrong)
		case strings.HasSuffix(caller, "second call"):
			s.call(t, "").login(login)
		case strings.HasSuffix(caller, "a new password"):
			login.Next = auth.NewPassword("red moon")
		case strings.HasSuffix(caller, "the old password again"):
			login.Next = login.Secret
		case caller == "her certificate":
			login.TLS = authority.grant(t, login.Name)
		case caller == "her certificate after somebody else's":
			from = "4045559998"
			wrong := login
			wrong.TLS, login.TLS = authority.grant(t, "tom"), authority.grant(t, login.Name)
			s.call(t, from).login(wrong)
		case caller == "somebody else's certificate":
			login.TLS = authority.grant(t, "tom")
		}
		k := s.call(t, from)
		if strings.HasSuffix(row["caller"], "LAN Manager's response alone") {
			k.lanManager(map[bool]string{true: "blue moon", false: "red moon"}[strings.HasPrefix(row["caller"], "right")])
		}
		if k.login(login) != nil { // to the end of the call, if nothing more is said
			for said := false; !said; {
				h := k.hear()
				said = h == nil || h.protocol == ppp.LCP && h.packet.Code == cp.TerminateRequest
			}
		}
		if got, want := strings.ReplaceAll(conversation(t, k), login.Name, "NAME"), plain(row["hears"]); got != want {
			t.Errorf("heard %s\nthe reference says %s", got, want)
		}
	})
}

// methods is the setting of a row: its method alone, unless it says otherwise.
func (a *authority) methods(row map[string]string) string {
	with := code(row["with"])
	if !strings.HasPrefix(with, "auth.methods") {
		with = fmt.Sprintf("auth.methods = [%q]; %s", code(row["method"]), with)
	}
	if strings.Contains(with, "eap-tls") {
		with += a.setting
	}
	return with
}

// account is a user of the configuration, with the key that the row's caller
// has.
func account(row map[string]string) string {
	key := code(row["caller"])
	switch name, _, _ := strings.Cut(key, " "); name {
	case "nt_hash":
		hash := auth.NTHash("blue moon")
		return fmt.Sprintf("[[user]]\nname = %q\nnt_hash = %q\n", row["name"], hex.EncodeToString(hash[:]))
	case "hours": // which are not now
		now := time.Now()
		key = now.Add(2*time.Hour).Format(`hours = "15:04-`) + now.Add(3*time.Hour).Format(`15:04"`)
	}
	return fmt.Sprintf("[[user]]\nname = %q\npassword = \"blue moon\"\n%s\n", row["name"], key)
}

// conversation is what came of authentication, in words. What is random in it
// is "…"; what is said several times in a row is there once.
func conversation(t *testing.T, k *talk) string {
	t.Helper()
	var all []string
	for _, h := range k.heard {
		word := ""
		switch {
		case h.protocol == ppp.PAP:
			word = fmt.Sprintf("%s %q", map[cp.Code]string{2: "Authenticate-Ack", 3: "Authenticate-Nak"}[h.packet.Code], h.packet.Data[1:])
		case h.protocol == ppp.CHAP:
			word = chap(h.packet.Code, h.packet.Data)
		case h.protocol == ppp.EAP:
			e, err := eap.Parse(h.packet.Append(nil))
			if err != nil {
				t.Fatal(err)
			}
			word = inEAP(e)
		case h.protocol == ppp.LCP && h.packet.Code == cp.TerminateRequest:
			word = "Terminate-Request"
			if text := string(h.packet.Data); !strings.Contains(strings.Join(all, " "), text+`"`) {
				word += fmt.Sprintf(" %q", text)
			}
		}
		if word != "" && (len(all) == 0 || all[len(all)-1] != word) {
			all = append(all, word)
		}
	}
	return strings.Join(all, ", ")
}

var random = regexp.MustCompile(`\b([CS])=[0-9A-F]{32,40}\b`)

func chap(c cp.Code, data []byte) string {
	if c == 1 {
		return "Challenge"
	}
	return fmt.Sprintf("%s %q", map[cp.Code]string{3: "Success", 4: "Failure"}[c], random.ReplaceAll(data, []byte("$1=…")))
}

func inEAP(e eap.Packet) string {
	switch {
	case e.Code == eap.Success:
		return "Success"
	case e.Code == eap.Failure:
		return "Failure"
	case e.Type == eap.Notification:
		return fmt.Sprintf("Notification %q", e.Data)
	case e.Type == eap.MSCHAPv2 && len(e.Data) >= 4:
		return "MSCHAPv2 " + chap(cp.Code(e.Data[0]), e.Data[4:])
	}
	return e.Type.String()
}
