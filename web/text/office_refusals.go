package text

// officeRefusals is of the list of refused requests.
var officeRefusals = Section{
	"office.task.refusals":       {"拒绝记录", "Refusals"},
	"office.about-task.refusals": {"查看被拒绝的登录、操作和调用：何时、何人、为何。", "See what was refused: sign-ins, actions and calls, when, to whom and why."},
	"office.refusals.lead": {"本单位人员和接口密钥被拒绝的请求，以及未登录者、公民和其他地区网关在本网关被拒绝的请求。记录不含姓名和所提交的内容，与核验记录同在一条防篡改的审计链上。",
		"What was refused to your office's staff and API keys, and at this gateway to whoever was not signed in, to citizens and to other regions' gateways. It holds no name and nothing of what was sent, and is in the same tamper-evident log as the verifications."},
	"office.refusals.time":    {"时间", "Time"},
	"office.refusals.until":   {"至 %s", "until %s"},
	"office.refusals.who":     {"对象", "Who"},
	"office.refusals.why":     {"原因", "Why"},
	"office.refusals.what":    {"请求", "What was asked"},
	"office.refusals.count":   {"次数", "Times"},
	"office.refusals.several": {"多个页面或接口", "several"},
	"office.refusals.none":    {"这段时间没有被拒绝的请求。", "Nothing was refused in that time."},
	"office.refusals.next":    {"更早的记录", "Earlier ones"},

	"office.caller.nobody":  {"未登录者", "not signed in"},
	"office.caller.citizen": {"公民", "a citizen"},
	"office.caller.staff":   {"本单位人员", "staff of the office"},
	"office.caller.key":     {"接口密钥", "an API key"},
	"office.caller.region":  {"其他地区网关", "another region's gateway"},

	"office.refused.access":       {"无权使用这项功能", "no right to this function"},
	"office.refused.session":      {"登录已过期", "the sign-in had ended"},
	"office.refused.recent":       {"重要操作前未重新验证身份", "had to sign in anew for a weighty act"},
	"office.refused.sign-in":      {"登录未通过", "was not let in"},
	"office.refused.owner":        {"不属于请求者，或不存在", "another's, or not there"},
	"office.refused.token":        {"表单不是本页面发出的", "a form that no page of ours had made"},
	"office.refused.cross-origin": {"表单由其他网站发出", "a form that another site sent"},
	"office.refused.credential":   {"没有密钥，或密钥无效", "no key, or none that is known"},
	"office.refused.scope":        {"密钥没有这项权限", "the key lacks the scope"},
	"office.refused.rate":         {"过于频繁", "too often"},
	"office.refused.code":         {"用证码无法使用", "a proof code that cannot be used"},
	"office.refused.rule":         {"账本规则不允许", "against the ledger's rules"},

	"office.refused.sign-in.cancelled": {"在身份认证平台取消", "cancelled at the identity platform"},
	"office.refused.sign-in.expired":   {"超时，或不是这个浏览器开始的登录", "too late, or not begun by this browser"},
	"office.refused.sign-in.token":     {"身份认证平台的回复未通过验证", "the identity platform's answer did not verify"},
	"office.refused.sign-in.person":    {"账号缺少所需身份信息", "the account lacks what is needed"},
	"office.refused.sign-in.office":    {"所属单位不在本地区", "the office is not of this region"},
	"office.refused.sign-in.stale":     {"没有按要求重新验证身份", "did not sign in anew though asked to"},
}
