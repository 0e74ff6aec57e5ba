package main

import (
	"fmt"
	"io"

	"github.com/huzheng-ledger/huzheng/network/internal/gateway"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
)

// writeAccess says where the gateways answer and, in a network for demonstration, with which key; and what to try.
func writeAccess(w io.Writer, files layout.Network, list []gateway.Access) error {
	if len(list) == 0 {
		return nil
	}
	var gateways table
	gateways.add("省份 REGION", "网关 GATEWAY", "API 密钥 KEY")
	for _, a := range list {
		key := a.Key
		if key == "" {
			key = "-"
		}
		gateways.add(a.Region+" "+a.Name, a.URL, key)
	}
	fmt.Fprintln(w)
	if err := gateways.write(w); err != nil {
		return err
	}
	first := list[0]
	if first.Key == "" {
		return nil // keys are made by whoever runs the gateway, and who has one knows what to do with it
	}
	fmt.Fprintf(w, `
密钥文件 · the keys are in %s(仅供本机演示 · for this demonstration alone)

试一试 · try
  curl -s %s/v1/ledger
  HUZHENG_API_KEY=%s bin/huzheng agreement list --api %s
  make network-demo NETWORK=%s
`, files.Region("*").Gateway().Access(), first.URL, first.Key, first.URL, files.Dir)
	return nil
}
