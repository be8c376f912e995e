package lan

import (
	"strings"
	"testing"
)

type nobody struct{ _ int }

func (*nobody) Deliver([][]byte) {}

func TestTable(t *testing.T) {
	var table Table
	if table.Find(caller) != nil {
		t.Error("an empty table has somebody")
	}
	first, second := new(nobody), new(nobody)
	detach, err := table.Attach(caller, 0, first)
	if err != nil {
		t.Fatal(err)
	}
	p := table.Find(caller)
	if p == nil || p.Receiver != first || p.MTU != DefaultMTU || p.Addr != caller || table.Find(host) != nil {
		t.Fatalf("port %+v", p)
	}
	if _, err := table.Attach(caller, 0, second); err == nil || !strings.Contains(err.Error(), "2.1.1.129 is attached already") {
		t.Errorf("the same address again: %v", err)
	}
	detach()
	if table.Find(caller) != nil || p.Context.Err() == nil {
		t.Error("detach left something")
	}
	again, err := table.Attach(caller, 10, second)
	if err != nil {
		t.Fatal(err)
	}
	detach() // of the first: without effect on the second
	if p := table.Find(caller); p == nil || p.Receiver != second || p.MTU != 68 || p.Context.Err() != nil {
		t.Errorf("port %+v", p)
	}
	again()
	again()
	if table.Find(caller) != nil {
		t.Error("not empty at the end")
	}
}
