package plans

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/mockmodel"
)

// References in a plan. ${env:X} is filled in when a plan is loaded; what is
// only known once the provider listens stays until [fillIn]. $${ is a literal
// ${.
var reference = regexp.MustCompile(`\$\$\{|\$\{([^}]*)\}?`)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// envAllowed are the keys whose text may come from the environment: where the
// service is and how to talk to it. Nothing that is judged may, as the kept plan
// of a run must say what was judged without it.
var envAllowed = regexp.MustCompile(`^target\.(url|dir|path|command\[\d+\]|env\..*|ready\.path|request\.(method|body|headers\..*))$` +
	`|^provider\.(listen|advertise)$|^proxies\.[^.]+\.(upstream|listen)$|^load\.trace\.file$`)

// lateAllowed are the keys that may name the provider, the proxies and the target's port. A
// gateway is told in a request where to find its provider, in a header or in the
// body.
var lateAllowed = regexp.MustCompile(`^target\.(url|command\[\d+\]|env\..*|request\.(body|headers\..*))$`)

// lateNames are what those keys may name in a plan that has the proxies and
// whose provider has the endpoints.
func lateNames(endpoints, proxies []string) []string {
	var names []string
	for _, b := range mockmodel.Bases() {
		names = append(names, "provider."+b.Dialect)
	}
	names = append(names, "provider.origin", "provider.host", "provider.port")
	for _, e := range endpoints {
		names = append(names, "provider."+e, "provider."+e+".origin", "provider."+e+".host", "provider."+e+".port")
	}
	for _, p := range proxies {
		names = append(names, "proxy."+p, "proxy."+p+".host", "proxy."+p+".port")
	}
	return append(names, "target.port")
}

// namesIn returns the names that a plan has below keys, as they are needed before
// it is decoded.
func namesIn(root *yaml.Node, keys ...string) (names []string) {
	at := root
	if at.Kind == yaml.DocumentNode && len(at.Content) > 0 {
		at = at.Content[0]
	}
	for _, key := range keys {
		var found *yaml.Node
		for i := 0; at.Kind == yaml.MappingNode && i+1 < len(at.Content); i += 2 {
			if at.Content[i].Value == key {
				found = at.Content[i+1]
			}
		}
		if found == nil {
			return nil
		}
		at = found
	}
	for i := 0; at.Kind == yaml.MappingNode && i+1 < len(at.Content); i += 2 {
		names = append(names, at.Content[i].Value)
	}
	return names
}

// environment fills in ${env:X} and remembers the values, which are secrets.
type environment struct {
	keep   bool     // leave ${env:X} as it is
	late   []string // what is filled in once the provider listens
	extra  map[string]string
	look   func(string) (string, bool)
	values []string // in the order of their first use
	used   map[*yaml.Node][]envUse
}

// envUse is a value that a node took from the environment.
type envUse struct{ ref, value string }

func newEnvironment(root *yaml.Node, extra map[string]string, keep bool) *environment {
	return &environment{keep: keep, late: lateNames(namesIn(root, "provider", "endpoints"), namesIn(root, "proxies")), extra: extra, look: os.LookupEnv, used: map[*yaml.Node][]envUse{}}
}

func (e *environment) get(name string) (string, bool) {
	if v, ok := e.extra[name]; ok {
		return v, true
	}
	return e.look(name)
}

// expand fills in the references of a scalar. A message says what is wrong.
func (e *environment) expand(n *yaml.Node, path string) (out, msg string) {
	if !strings.Contains(n.Value, "${") {
		return n.Value, ""
	}
	late, env := lateAllowed.MatchString(path), envAllowed.MatchString(path)
	var b strings.Builder
	rest := n.Value
	for {
		m := reference.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		b.WriteString(rest[:m[0]])
		whole := rest[m[0]:m[1]]
		rest = rest[m[1]:]
		switch {
		case m[2] < 0 && (late || e.keep || !env): // $${, undone by fillIn, or no syntax here
			b.WriteString(whole)
		case m[2] < 0:
			b.WriteString("${")
		default:
			s, problem := e.resolve(n, whole, env, late)
			if problem != "" {
				return "", problem
			}
			b.WriteString(s)
		}
	}
	b.WriteString(rest)
	return b.String(), ""
}

// resolve returns what stands in the place of one reference.
func (e *environment) resolve(n *yaml.Node, whole string, env, late bool) (out, msg string) {
	name, closed := strings.CutSuffix(strings.TrimPrefix(whole, "${"), "}")
	variable, isEnv := strings.CutPrefix(name, "env:")
	isLate := strings.HasPrefix(name, "provider.") || strings.HasPrefix(name, "proxy.") || strings.HasPrefix(name, "target.")
	switch {
	case !isEnv && !isLate && !env: // no syntax here
		return whole, ""
	case !closed:
		return "", fmt.Sprintf("%s is not closed: write ${env:NAME}, or $${ for a literal ${", quoted(whole))
	case isEnv && !env:
		return "", fmt.Sprintf("%s is not filled in here: only what says where the service is and how to call it may come from the environment; use --set for the rest", clip(whole))
	case isEnv && !variableName.MatchString(variable):
		return "", fmt.Sprintf("%s names no variable: write ${env:NAME}", clip(whole))
	case isEnv && e.keep:
		return whole, ""
	case isEnv:
		return e.variable(n, whole, variable, late)
	case isLate && !late:
		return "", fmt.Sprintf("%s is known only once the provider listens, and is filled in only in target.url, target.command, target.env, and the headers and body of target.request", clip(whole))
	case slices.Contains(e.late, name):
		return whole, ""
	}
	return "", fmt.Sprintf("nothing is called %s%s; a literal ${ is written $${", clip(whole), didYouMean(name, append([]string{"env:NAME"}, e.late...)))
}

// variable returns the value of ${env:X}, made safe for a later fillIn.
func (e *environment) variable(n *yaml.Node, whole, name string, late bool) (out, msg string) {
	v, ok := e.get(name)
	if !ok {
		return "", fmt.Sprintf("the environment variable %s is not set: set it, or pass -e %s=VALUE", name, name)
	}
	if !slices.Contains(e.values, v) {
		e.values = append(e.values, v)
	}
	e.used[n] = append(e.used[n], envUse{whole, v})
	if late {
		return strings.ReplaceAll(v, "${", "$${"), ""
	}
	return v, ""
}

// hide takes out of a message whatever came from the environment. n is the node
// that the message is about, nil if there is none: its values are taken out
// however short they are.
func (e *environment) hide(n *yaml.Node, msg string) string {
	for _, u := range e.used[n] {
		msg = replaceValue(msg, u.value, u.ref)
	}
	for _, v := range e.values {
		if len(v) >= maskedFrom {
			msg = replaceValue(msg, v, maskText)
		}
	}
	return msg
}

// maskedFrom is the length from which a value is masked in every message: to
// mask every "1" would hide the message and no secret.
const maskedFrom = 4

// replaceValue replaces a value, as it is and as %q prints it.
func replaceValue(msg, value, with string) string {
	if value == "" {
		return msg
	}
	msg = strings.ReplaceAll(msg, value, with)
	if q := strconv.Quote(value); q[1:len(q)-1] != value {
		msg = strings.ReplaceAll(msg, q[1:len(q)-1], with)
	}
	return msg
}

// fillIn fills in the references that are left in a loaded plan, such as
// ${provider.openai}, and turns $${ into ${.
func fillIn(s string, lookup func(name string) (string, bool)) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(s, func(whole string) string {
		if whole == "$${" {
			return "${"
		}
		name := strings.TrimSuffix(strings.TrimPrefix(whole, "${"), "}")
		v, ok := lookup(name)
		if !ok && failed == nil {
			failed = fmt.Errorf("%s is not known here", whole)
		}
		return v
	})
	return out, failed
}
