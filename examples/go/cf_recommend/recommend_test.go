package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const shop = "../../data/shop_events.csv"

func output(t *testing.T, args ...string) (string, error) {
	t.Helper()
	options, err := parse(args, &bytes.Buffer{})
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = run(context.Background(), options, &out)
	return out.String(), err
}

var answerLine = regexp.MustCompile(`(?m)^ +(\d+)\. (.+?) +([\d.]+)$`)

// What is answered is new to the customer, mostly of their interests, and best first, by either model.
func TestACustomerIsRecommendedWhatFits(t *testing.T) {
	file, err := os.ReadFile(shop)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	had := []map[string]bool{{}, {}} // by the first model's time, and at all
	interests, category := map[string]bool{}, map[string]string{}
	for _, r := range records[1:] {
		category[r[3]] = r[4]
		if r[1] == "C0029" {
			had[0][r[3]] = had[0][r[3]] || r[0] < "2026-06-23"
			had[1][r[3]] = true
			interests[r[4]] = true
		}
	}
	out, err := output(t, "--customer", "C0029", "--k", "6", shop)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(out, "\nA model of")[1:]
	if len(parts) != 2 || parts[0] == parts[1] {
		t.Fatalf("expected two models that answer each their own:\n%s", out)
	}
	if len(had[1]) != 7 || len(interests) != 3 {
		t.Fatalf("C0029 had %v of %v", had[1], interests)
	}
	for model, part := range parts {
		found := answerLine.FindAllStringSubmatch(part, -1)
		fits, before := 0, 1e9
		var names []string
		for i, answer := range found {
			if answer[1] != strconv.Itoa(i+1) || had[model][answer[2]] || category[answer[2]] == "" {
				t.Errorf("%q is no answer", answer[0])
			}
			if interests[category[answer[2]]] {
				fits++
			}
			score, err := strconv.ParseFloat(answer[3], 64)
			if err != nil || score > before {
				t.Errorf("%q comes after %v", answer[0], before)
			}
			before, names = score, append(names, answer[2])
		}
		slices.Sort(names)
		if len(slices.Compact(names)) != 6 || fits < 5 {
			t.Errorf("%v, of which %d fit, in\n%s", names, fits, part)
		}
	}
	if !strings.Contains(parts[1], "of 700 customers with 122 products") {
		t.Errorf("the second model does not know all:\n%s", parts[1])
	}
}

func TestWhoIsUnknownIsTold(t *testing.T) {
	out, err := output(t, "--customer", "nobody", shop)
	if err != nil || strings.Count(out, "nobody would like what everybody likes") != 2 ||
		len(answerLine.FindAllString(out, -1)) != 10 {
		t.Errorf("%v, %s", err, out)
	}
}

func TestWhatGoesWrong(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "events.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const header = "time,customer,event,product\n"
	for say, args := range map[string][]string{
		"give one file":             {"--customer", "a"},
		"and the --customer":        {shop},
		"no such file":              {"--customer", "a", "nowhere.csv"},
		"has no events":             {"--customer", "a", write(header)},
		`no column "product"`:       {"--customer", "a", write("time,customer,event\n1,2,3\n")},
		"record 2":                  {"--customer", "a", write(header + "soon,a,view,x\n")},
		`there is no event "stare"`: {"--customer", "a", write(header + "2026-01-01,a,stare,x\n")},
		"wrong number of fields":    {"--customer", "a", write(header + "2026-01-01\n")},
		"K is -1":                   {"--customer", "a", "--k", "-1", shop},
	} {
		if _, err := output(t, args...); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%v gives %v; expected %q", args, err, say)
		}
	}
	var help bytes.Buffer
	if _, err := parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) ||
		!strings.Contains(help.String(), "Usage: cf_recommend") {
		t.Errorf("--help gives %v and says %q", err, help.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := run(ctx, options{customer: "a", file: shop}, &help); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled run gives %v", err)
	}
}
