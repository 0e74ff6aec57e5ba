package main

import (
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/demo"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
)

// printPages prints where the pages are and who can sign in there.
func (a *app) printPages(d *demo.Demo) error {
	people := d.Identities()
	if len(people) == 0 {
		return nil
	}
	access := d.Access()
	a.printf("\n%s\n\n", a.paint(terminal.Bold, "网页 · pages"))
	a.printf("  核验 verify            %s/\n", access[1].URL)
	a.printf("  窗口 office            %s/office\n", access[1].URL)
	a.printf("  账本 ledger            %s/ledger\n", access[1].URL)
	a.printf("  我的证照 citizen       %s/citizen\n", access[0].URL)
	a.printf("  登录 sign in           %s/sign-in\n\n", access[0].URL)
	t := terminal.Table{Columns: []terminal.Column{{Title: "账号"}, {Title: "口令"}, {Title: "姓名"}, {Title: "身份", Max: 60}}}
	for _, p := range people {
		t.AddText(p.Account, p.Password, p.Name, p.About)
	}
	return t.Write(a.out, a.palette)
}
