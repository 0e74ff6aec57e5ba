package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// Holder is the subject of a record, nobody in particular.
type Holder struct {
	Name     string
	CodeType string // gbt.HolderCodeCitizen or gbt.HolderCodeUSCC
	Code     string
}

const (
	surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
	given    = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红文辉力建国志海云春梅林飞雪佳宁晓晨子涵思远博雅欣怡然泽"
)

// person is a holder born between 1941 and 2005, so that some are past sixty and all are of age.
func person(r *rand.Rand) (Holder, error) {
	family, names := []rune(surnames), []rune(given)
	name := []rune{family[r.IntN(len(family))], names[r.IntN(len(names))]}
	if r.IntN(4) > 0 {
		name = append(name, names[r.IntN(len(names))])
	}
	born := time.Date(1941, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(65*365))
	number, err := gbt.NewCitizenNumber(fmt.Sprintf("%s%s%03d", gbt.SyntheticArea, born.Format("20060102"), r.IntN(1000)))
	if err != nil {
		return Holder{}, err
	}
	return Holder{Name: string(name), CodeType: gbt.HolderCodeCitizen, Code: number.Text()}, nil
}

func company(r *rand.Rand) Holder {
	o := organisations[r.IntN(len(organisations))]
	return Holder{Name: o.name, CodeType: gbt.HolderCodeUSCC, Code: string(o.code)}
}
