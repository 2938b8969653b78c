package plans

import (
	"io"
	"net/http"

	"github.com/chaoskit/chaos/mockmodel"
)

// scopeAnswer is what the API says of a scope.
type scopeAnswer struct {
	Name     string            `json:"name"`
	Seed     string            `json:"seed"`
	URLs     map[string]string `json:"base_urls"` // by dialect; origin is without any
	Env      map[string]string `json:"env"`       // for the process that calls it
	Faults   []string          `json:"faults"`
	Attempts int               `json:"attempts"`
}

func (a *api) scopeAnswer(s *scope) scopeAnswer {
	urls := a.urls.below(mockmodel.ScopePath + s.name)
	return scopeAnswer{
		Name: s.name, Seed: seedText(s.stand.opt.Seed), URLs: urls.bases(), Env: urls.baseEnv(), Faults: ruleTexts(s.stand.Faults()), Attempts: s.stand.mock.Calls(),
	}
}

func (a *api) openScope(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	c, err := ParseStand("the body", body)
	if err != nil {
		return err
	}
	s, err := a.scopes.add(c)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/_chaos/scopes/"+s.name)
	a.say(w, http.StatusCreated, a.scopeAnswer(s))
	return nil
}

func (a *api) showScope(w http.ResponseWriter, r *http.Request) error {
	s, err := a.scopes.get(r.PathValue("name"))
	if err == nil {
		a.say(w, http.StatusOK, a.scopeAnswer(s))
	}
	return err
}

func (a *api) listScopes(w http.ResponseWriter, _ *http.Request) error {
	list := []scopeAnswer{}
	for _, s := range a.scopes.list() {
		list = append(list, a.scopeAnswer(s))
	}
	a.say(w, http.StatusOK, struct {
		Scopes []scopeAnswer `json:"scopes"`
	}{list})
	return nil
}

// endScope ends a scope and answers with its verdicts, which are gone with it.
func (a *api) endScope(w http.ResponseWriter, r *http.Request) error {
	s, err := a.scopes.end(r.PathValue("name"))
	if err == nil {
		a.say(w, http.StatusOK, s.stand.Judge(nil))
	}
	return err
}
