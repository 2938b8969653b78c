package plans

import (
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/mockmodel"
)

// providerURLs is what `${provider.*}`, `${proxy.*}` and `${target.port}` say.
type providerURLs struct {
	address
	endpoints  []endpointURL // those beside the main one
	proxies    []proxyAddress
	targetPort int
}

// address is where an endpoint is reached.
type address struct{ origin, host, port string }

// endpointURL is where a named endpoint is, and which dialect it speaks.
type endpointURL struct {
	name, dialect string
	address
}

// addressOf tells where a listener is reached. advertise replaces the host for
// a target that reaches the mock by another name.
func addressOf(addr, advertise string) address {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = addr, "80"
	}
	if advertise != "" {
		host = advertise
	} else if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		// Nobody can call 0.0.0.0; a target on this machine calls loopback.
		host = "127.0.0.1"
	}
	return address{"http://" + net.JoinHostPort(host, port), host, port}
}

// urlsOf derives the base URLs from where the mock listens.
func urlsOf(addr, advertise string) providerURLs {
	return providerURLs{address: addressOf(addr, advertise)}
}

// base returns the base URL of a dialect, as its SDKs want it.
func (a address) base(dialect string) string {
	for _, b := range mockmodel.Bases() {
		if b.Dialect == dialect {
			return a.origin + b.Path
		}
	}
	return a.origin
}

// below returns where what answers below a path is, at every endpoint.
func (u providerURLs) below(path string) providerURLs {
	out := u
	out.origin += path
	out.endpoints = slices.Clone(u.endpoints)
	for i := range out.endpoints {
		out.endpoints[i].origin += path
	}
	return out
}

// bases are the base URLs by dialect and by named endpoint, as ${provider.*}
// calls them, and the origin.
func (u providerURLs) bases() map[string]string {
	out := map[string]string{"origin": u.origin}
	for _, b := range mockmodel.Bases() {
		out[b.Dialect] = u.base(b.Dialect)
	}
	for _, e := range u.endpoints {
		out[e.name] = e.base(e.dialect)
	}
	return out
}

// baseEnv are the variables in which SDKs look for a base URL.
func (u providerURLs) baseEnv() map[string]string {
	env := map[string]string{}
	for _, b := range mockmodel.Bases() {
		for _, name := range b.Variables {
			env[name] = u.base(b.Dialect)
		}
	}
	return env
}

// urlsAt are the base URLs of a provider at an origin, such as
// http://127.0.0.1:4010.
func urlsAt(origin string) providerURLs {
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(origin, "http://"))
	return providerURLs{address: address{origin, host, port}}
}

// BaseURLs are the base URLs of a provider at an origin, such as
// http://127.0.0.1:4010, by dialect.
func BaseURLs(origin string) map[string]string { return urlsAt(origin).bases() }

// CallerEnv are the variables that send a process with this one's environment to
// the provider at an origin: base URLs, dummy API keys, no proxy.
func CallerEnv(origin string) map[string]string { return urlsAt(origin).env(os.Environ()) }

// lookup resolves the names that a plan may use in target.url, target.command,
// target.env, and the headers and body of target.request.
func (u providerURLs) lookup(name string) (string, bool) {
	if name == "target.port" {
		return strconv.Itoa(u.targetPort), u.targetPort != 0
	}
	if proxy, ok := strings.CutPrefix(name, "proxy."); ok {
		return u.proxy(proxy)
	}
	name, ok := strings.CutPrefix(name, "provider.")
	if !ok {
		return "", false
	}
	for _, b := range mockmodel.Bases() {
		if b.Dialect == name {
			return u.base(name), true
		}
	}
	for _, e := range u.endpoints {
		if name == e.name {
			return e.base(e.dialect), true
		}
		if member, ok := strings.CutPrefix(name, e.name+"."); ok {
			return e.member(member)
		}
	}
	return u.member(name)
}

func (a address) member(name string) (string, bool) {
	switch name {
	case "origin":
		return a.origin, true
	case "host":
		return a.host, true
	case "port":
		return a.port, true
	}
	return "", false
}

// expandTarget fills in `${provider.*}`, `${proxy.*}`, `${target.port}` and `${env:X}`.
func (r *run) expandTarget(s string) (string, error) { return fillIn(s, r.provider.lookup) }

// dummyKey stands in for every API key: a service that would not start without
// one starts, and a call that escapes the mock is refused by the real provider.
const dummyKey = "chaos-dummy-key"

// keyVars are the variables in which SDKs look for API keys. They are always
// replaced, never inherited: a target under test must not be able to spend
// real money.
var keyVars = []string{
	"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY", "AZURE_OPENAI_AD_TOKEN", "GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "OLLAMA_API_KEY",
	"COHERE_API_KEY", "CO_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY", "OPENROUTER_API_KEY", "TOGETHER_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY",
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "VOYAGE_API_KEY", "JINA_API_KEY", "HF_TOKEN", "FIREWORKS_API_KEY", "PERPLEXITY_API_KEY",
}

// awsVars let an SDK of AWS start, and keep it from what was inherited: a token
// in place of a signature, which the SDKs do not send without TLS, and the switch
// that makes them ignore AWS_ENDPOINT_URL_BEDROCK_RUNTIME.
var awsVars = map[string]string{"AWS_BEARER_TOKEN_BEDROCK": "", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}

// awsRegions are the variables of the region, which an SDK does not start
// without: an inherited one is kept, as names of models may belong to it.
var awsRegions = []string{"AWS_REGION", "AWS_DEFAULT_REGION"}

const awsRegion = "us-east-1"

// env returns the variables that send a process with the environment base to
// the mock.
func (u providerURLs) env(base []string) map[string]string {
	env := u.baseEnv()
	for _, k := range []string{"NO_PROXY", "no_proxy"} {
		env[k] = u.noProxy(base, k)
	}
	for _, k := range keyVars {
		env[k] = dummyKey
	}
	maps.Copy(env, awsVars)
	for _, k := range awsRegions {
		if !slices.ContainsFunc(base, func(kv string) bool { return strings.HasPrefix(kv, k+"=") && kv != k+"=" }) {
			env[k] = awsRegion
		}
	}
	return env
}

// noProxy adds the mock to the hosts that are called directly: with HTTP_PROXY
// set, most clients would ask the proxy for 127.0.0.1 as well.
func (u providerURLs) noProxy(base []string, name string) string {
	hosts := []string{"127.0.0.1", "localhost", "::1"}
	if !slices.Contains(hosts, u.host) {
		hosts = append(hosts, u.host)
	}
	for _, kv := range base {
		if v, ok := strings.CutPrefix(kv, name+"="); ok && v != "" {
			hosts = append([]string{v}, hosts...)
		}
	}
	return strings.Join(hosts, ",")
}

// commandEnv is the environment of target.command: the inherited one, the
// provider's base URLs and dummy keys over it, PORT, and target.env over all.
func (r *run) commandEnv() ([]string, error) {
	base := os.Environ()
	over := r.provider.env(base)
	over["PORT"] = strconv.Itoa(r.provider.targetPort)
	for _, kv := range r.plan.Target.Env {
		v, err := r.expandTarget(kv.Value)
		if err != nil {
			return nil, fmt.Errorf("target.env.%s: %w", kv.Name, err)
		}
		over[kv.Name] = v
	}
	return mergeEnv(base, over), nil
}

// mergeEnv lays over on top of base and returns the result in order.
func mergeEnv(base []string, over map[string]string) []string {
	var out []string
	for _, kv := range base {
		name, _, _ := strings.Cut(kv, "=")
		if _, replaced := over[name]; !replaced {
			out = append(out, kv)
		}
	}
	for name, value := range over {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}
