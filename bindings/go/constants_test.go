package pmkt

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// constants are all of the headers, by their names there.
var constants = map[string]int64{
	"PMKT_VERSION_MAJOR": VersionMajor,
	"PMKT_VERSION_MINOR": VersionMinor,
	"PMKT_VERSION_PATCH": VersionPatch,

	"PMKT_OK":            0,
	"PMKT_E_INVALID":     int64(ErrInvalid),
	"PMKT_E_NOMEM":       int64(ErrNoMemory),
	"PMKT_E_BAD_ROW":     int64(ErrBadRow),
	"PMKT_E_OVERFLOW":    int64(ErrOverflow),
	"PMKT_E_MISMATCH":    int64(ErrMismatch),
	"PMKT_E_UNSUPPORTED": int64(ErrUnsupported),
	"PMKT_E_LIMIT":       int64(ErrLimit),
	"PMKT_E_CANCELED":    int64(ErrCanceled),
	"PMKT_E_PARSE":       int64(ErrParse),
	"PMKT_E_IO":          int64(ErrIO),
	"PMKT_E_CORRUPT":     int64(ErrCorrupt),
	"PMKT_E_FORMAT":      int64(ErrFormat),
	"PMKT_E_COLLISION":   int64(ErrCollision),
	"PMKT_E_FORKED":      int64(ErrForked),
	"PMKT_WHERE_NONE":    int64(WhereNone),
	"PMKT_WHERE_ROW":     int64(WhereRow),
	"PMKT_WHERE_BYTE":    int64(WhereByte),
	"PMKT_ON_BAD_FAIL":   int64(OnBadFail),
	"PMKT_ON_BAD_SKIP":   int64(OnBadSkip),

	"PMKT_TIME_MIN":    TimeMin,
	"PMKT_TIME_MAX":    TimeMax,
	"PMKT_TIME_NULL":   TimeNull,
	"PMKT_AMOUNT_MAX":  AmountMax,
	"PMKT_AMOUNT_NULL": AmountNull,
	"PMKT_ID_NONE":     int64(IDNone),

	"PMKT_KIND_NONE":       int64(KindNone),
	"PMKT_KIND_IMPRESSION": int64(KindImpression),
	"PMKT_KIND_CLICK":      int64(KindClick),
	"PMKT_KIND_VIEW":       int64(KindView),
	"PMKT_KIND_SEARCH":     int64(KindSearch),
	"PMKT_KIND_FAVORITE":   int64(KindFavorite),
	"PMKT_KIND_FOLLOW":     int64(KindFollow),
	"PMKT_KIND_CART":       int64(KindCart),
	"PMKT_KIND_UNCART":     int64(KindUncart),
	"PMKT_KIND_CHECKOUT":   int64(KindCheckout),
	"PMKT_KIND_ORDER":      int64(KindOrder),
	"PMKT_KIND_PAY":        int64(KindPay),
	"PMKT_KIND_CANCEL":     int64(KindCancel),
	"PMKT_KIND_REFUND":     int64(KindRefund),
	"PMKT_KIND_REVIEW":     int64(KindReview),
	"PMKT_KIND_SHARE":      int64(KindShare),
	"PMKT_KIND_LEAVE":      int64(KindLeave),
	"PMKT_KIND_REGISTER":   int64(KindRegister),
	"PMKT_KIND_COUNT_":     int64(KindCount),
	"PMKT_KIND_CUSTOM":     int64(KindCustom),

	"PMKT_TYPE_INT64":  int64(TypeInt64),
	"PMKT_TYPE_UINT64": int64(TypeUint64),
	"PMKT_TYPE_DOUBLE": int64(TypeDouble),

	"PMKT_BAD_USER":            int64(BadUser),
	"PMKT_BAD_TIME":            int64(BadTime),
	"PMKT_BAD_KIND":            int64(BadKind),
	"PMKT_BAD_AMOUNT_RANGE":    int64(BadAmountRange),
	"PMKT_BAD_AMOUNT_NEGATIVE": int64(BadAmountNegative),
	"PMKT_BAD_AMOUNT_MISSING":  int64(BadAmountMissing),
	"PMKT_BAD_ORDER_MISSING":   int64(BadOrderMissing),
	"PMKT_BAD_ID":              int64(BadID),
	"PMKT_BAD_VALUE":           int64(BadValue),
	"PMKT_BAD_ITEM":            int64(BadItem),
	"PMKT_BAD_DUPLICATE":       int64(BadDuplicate),
	"PMKT_BAD_PRICE":           int64(BadPrice),
	"PMKT_BAD_STOCK":           int64(BadStock),
	"PMKT_BAD_VECTOR":          int64(BadVector),
	"PMKT_BAD_REASONS":         BadReasons,

	"PMKT_FILE_RFM": int64(FileRFM),
	"PMKT_FILE_IDS": int64(FileIDs),
	"PMKT_FILE_CF":  int64(FileModel),

	"ARROW_FLAG_DICTIONARY_ORDERED": 1,
	"ARROW_FLAG_NULLABLE":           2,
	"ARROW_FLAG_MAP_KEYS_SORTED":    4,
	"PMKT_UNIT_MILLISECONDS":        int64(UnitMilliseconds),
	"PMKT_UNIT_SECONDS":             int64(UnitSeconds),
	"PMKT_UNIT_MICROSECONDS":        int64(UnitMicroseconds),
	"PMKT_UNIT_NANOSECONDS":         int64(UnitNanoseconds),
	"PMKT_DECIMALS_NONE":            DecimalsNone,

	"PMKT_RFM_HISTORY":           int64(History),
	"PMKT_RFM_SUMMARY":           int64(Summary),
	"PMKT_RFM_THRESHOLD":         int64(Threshold),
	"PMKT_RFM_QUANTILE":          int64(Quantile),
	"PMKT_RFM_STRICT":            int64(Strict),
	"PMKT_RFM_MIDDLE_HIGH":       int64(MiddleHigh),
	"PMKT_RFM_MEAN":              int64(Mean),
	"PMKT_RFM_MEDIAN":            int64(Median),
	"PMKT_RFM_HYSTERESIS":        int64(Hysteresis),
	"PMKT_RFM_F_DEFAULT":         int64(FrequencyDefault),
	"PMKT_RFM_F_PER_MONTH":       int64(FrequencyPerMonth),
	"PMKT_RFM_F_ORDERS":          int64(FrequencyOrders),
	"PMKT_RFM_M_DEFAULT":         int64(MonetaryDefault),
	"PMKT_RFM_M_AVERAGE":         int64(MonetaryAverage),
	"PMKT_RFM_M_REVENUE":         int64(MonetaryRevenue),
	"PMKT_RFM_ZERO":              Zero,
	"PMKT_RFM_BAND_NONE":         BandNone,
	"PMKT_RFM_BAND_LOW":          BandLow,
	"PMKT_RFM_BAND_MIDDLE":       BandMiddle,
	"PMKT_RFM_BAND_HIGH":         BandHigh,
	"PMKT_RFM_ACTIVE_HIGH_HIGH":  ActiveHighHigh,
	"PMKT_RFM_ACTIVE_HIGH_LOW":   ActiveHighLow,
	"PMKT_RFM_ACTIVE_LOW_HIGH":   ActiveLowHigh,
	"PMKT_RFM_ACTIVE_LOW_LOW":    ActiveLowLow,
	"PMKT_RFM_DORMANT_HIGH_HIGH": DormantHighHigh,
	"PMKT_RFM_DORMANT_HIGH_LOW":  DormantHighLow,
	"PMKT_RFM_DORMANT_LOW_HIGH":  DormantLowHigh,
	"PMKT_RFM_DORMANT_LOW_LOW":   DormantLowLow,
	"PMKT_RFM_NO_ORDER":          NoOrder,
	"PMKT_RFM_NEW":               LifecycleNew,
	"PMKT_RFM_GROWTH":            LifecycleGrowth,
	"PMKT_RFM_MATURE":            LifecycleMature,
	"PMKT_RFM_CHURNED":           LifecycleChurned,
	"PMKT_RFM_NOT_OBSERVED":      StageNotObserved,
	"PMKT_RFM_UNAWARE":           StageUnaware,
	"PMKT_RFM_AWARE":             StageAware,
	"PMKT_RFM_INTERESTED":        StageInterested,
	"PMKT_RFM_BUYER":             StageBuyer,
	"PMKT_RFM_LOYAL":             StageLoyal,
	"PMKT_RFM_TIER_UNKNOWN":      TierUnknown,
	"PMKT_RFM_FLAG_PROSPECT":     FlagProspect,
	"PMKT_RFM_FLAG_AT_RISK":      FlagAtRisk,
	"PMKT_RFM_FLAG_REGISTERED":   FlagRegistered,
	"PMKT_RFM_BY_SEGMENT":        int64(BySegment),
	"PMKT_RFM_BY_LIFECYCLE":      int64(ByLifecycle),
	"PMKT_RFM_BY_TIER":           int64(ByTier),
	"PMKT_RFM_BY_BRAND_STAGE":    int64(ByBrandStage),
	"PMKT_RFM_BY_ACTIVITY":       int64(ByActivity),
	"PMKT_RFM_BY_CELL":           int64(ByCell),
	"PMKT_RFM_LIST_WIN_BACK":     int64(ListWinBack),
	"PMKT_RFM_LIST_WON_BACK":     int64(ListWonBack),

	"PMKT_FILE_INTENT":        int64(FileIntent),
	"PMKT_INTENT_MAX_ORDER":   IntentMaxOrder,
	"PMKT_INTENT_MAX_ACTIONS": IntentMaxActions,
	"PMKT_INTENT_MAX_CLASSES": IntentMaxClasses,
	"PMKT_INTENT_CLASS":       int64(actionClass),
	"PMKT_INTENT_START":       int64(ActionStart),
	"PMKT_INTENT_LEAVE":       int64(ActionLeave),
	"PMKT_INTENT_GOAL":        int64(ActionGoal),
	"PMKT_INTENT_TOP":         IntentTop,

	"PMKT_FILE_PURCHASE":        int64(FilePurchase),
	"PMKT_FILE_LOGISTIC":        int64(FileLogistic),
	"PMKT_LOGISTIC_MAX_COLUMNS": LogisticMaxColumns,
	"PMKT_CALIBRATION_PLATT":    int64(CalibrationPlatt),
	"PMKT_CALIBRATION_ISOTONIC": int64(CalibrationIsotonic),
	"PMKT_CALIBRATION_NONE":     int64(CalibrationNone),
	"PMKT_PURCHASE_SESSION":     int64(PurchaseSession),
	"PMKT_PURCHASE_CART":        int64(PurchaseCart),
	"PMKT_FILE_TRACKER":         int64(FileTracker),

	"PMKT_CF_ZERO":          CFZero,
	"PMKT_CF_LINEAR":        int64(ScaleLinear),
	"PMKT_CF_LOG":           int64(ScaleLog),
	"PMKT_CF_ALS":           int64(ModelALS),
	"PMKT_CF_KNN":           int64(ModelItemKNN),
	"PMKT_CF_POPULARITY":    int64(ModelPopularity),
	"PMKT_CF_IALS":          int64(LossIALS),
	"PMKT_CF_CLASSIC":       int64(LossClassic),
	"PMKT_CF_CG":            int64(SolverCG),
	"PMKT_CF_CHOLESKY":      int64(SolverCholesky),
	"PMKT_CF_COSINE":        int64(Cosine),
	"PMKT_CF_TFIDF":         int64(TFIDF),
	"PMKT_CF_BM25":          int64(BM25),
	"PMKT_CF_BY_WEIGHT":     int64(PopularByWeight),
	"PMKT_CF_BY_USERS":      int64(PopularByUsers),
	"PMKT_CF_NOTHING":       int64(FallbackNothing),
	"PMKT_CF_POPULAR":       int64(FallbackPopular),
	"PMKT_CF_ANSWERED":      int64(ReasonAnswered),
	"PMKT_CF_UNKNOWN":       int64(ReasonUnknown),
	"PMKT_CF_FELL_BACK":     int64(ReasonFellBack),
	"PMKT_CF_NO_FACTORS":    int64(ReasonNoFactors),
	"PMKT_CF_TEMPORAL":      int64(SplitTemporal),
	"PMKT_CF_LEAVE_LAST":    int64(SplitLeaveLast),
	"PMKT_CF_RANDOM":        int64(SplitRandom),
	"PMKT_CF_TRAIN":         int64(PartTrain),
	"PMKT_CF_TEST":          int64(PartTest),
	"PMKT_CF_NEITHER":       int64(PartNeither),
	"PMKT_CF_PRECISION":     int64(MetricPrecision),
	"PMKT_CF_RECALL":        int64(MetricRecall),
	"PMKT_CF_RECALL_CAPPED": int64(MetricRecallCapped),
	"PMKT_CF_NDCG":          int64(MetricNDCG),
	"PMKT_CF_MAP":           int64(MetricMAP),
	"PMKT_CF_MRR":           int64(MetricMRR),
	"PMKT_CF_HIT":           int64(MetricHit),
	"PMKT_CF_NOVELTY":       int64(MetricNovelty),
	"PMKT_CF_COVERAGE":      int64(MetricCoverage),
	"PMKT_CF_GINI":          int64(MetricGini),
	"PMKT_CF_METRICS_":      Metrics,

	"PMKT_ATTRIBUTION_MARKOV":        int64(AttributionMarkov),
	"PMKT_ATTRIBUTION_FIRST":         int64(AttributionFirst),
	"PMKT_ATTRIBUTION_LAST":          int64(AttributionLast),
	"PMKT_ATTRIBUTION_LINEAR":        int64(AttributionLinear),
	"PMKT_ATTRIBUTION_POSITION":      int64(AttributionPosition),
	"PMKT_ATTRIBUTION_TIME_DECAY":    int64(AttributionTimeDecay),
	"PMKT_ATTRIBUTION_SHAPLEY":       int64(AttributionShapley),
	"PMKT_ATTRIBUTION_SHAPLEY_PATHS": int64(AttributionShapleyPaths),
	"PMKT_ATTRIBUTION_MODELS_":       AttributionModels,
	"PMKT_FUNNEL_ANYTHING":           int64(HoldNothing),
	"PMKT_FUNNEL_SAME_ITEM":          int64(HoldItem),
	"PMKT_FUNNEL_SAME_CATEGORY":      int64(HoldCategory),
	"PMKT_FUNNEL_USERS":              int64(CountUsers),
	"PMKT_FUNNEL_SESSIONS":           int64(CountSessions),
	"PMKT_PATHS_BY_KIND":             int64(PageByKind),
	"PMKT_PATHS_BY_ITEM":             int64(PageByItem),
	"PMKT_PATHS_BY_CATEGORY":         int64(PageByCategory),
}

// unbound are functions of C that Go has no use for.
var unbound = map[string]string{
	"pmkt_cf_retain":       "a handle counts its users in Go",
	"pmkt_cf_data_retain":  "a handle counts its users in Go",
	"pmkt_cf_live_new":     "Live holds models as it holds all else",
	"pmkt_purchase_retain": "a handle counts its users in Go",
	"pmkt_rules_retain":    "a handle counts its users in Go",
	"pmkt_cf_live_free":    "Live holds models as it holds all else",
	"pmkt_cf_live_get":     "Live holds models as it holds all else",
	"pmkt_cf_live_swap":    "Live holds models as it holds all else",
}

var (
	comments  = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	enums     = regexp.MustCompile(`(?s)enum\s*\w*\s*\{(.*?)\}`)
	defines   = regexp.MustCompile(`(?m)^#define ((?:PMKT|ARROW)_\w+) (.+)$`)
	functions = regexp.MustCompile(`(?m)^PMKT_API\s[^;(]*?(\w+)\(`)
	wrapped   = regexp.MustCompile(`^U?INT(?:32|64)_C\((.*)\)$`)
	calls     = regexp.MustCompile(`\b(pmkt_\w+)\(`)
)

// headers are the public headers without comments.
func headers(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(root("include", "pmkt", "*.h"))
	check(t, err)
	texts := map[string]string{}
	for _, path := range paths {
		bytes, err := os.ReadFile(path)
		check(t, err)
		text := strings.ReplaceAll(comments.ReplaceAllString(string(bytes), ""), "\\\n", " ")
		texts[filepath.Base(path)] = text
	}
	if len(texts) < 10 {
		t.Fatalf("only %d headers were found", len(texts))
	}
	return texts
}

// number reads what a header gives a constant as its value; false for an expression of another kind.
func number(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		text = text[1 : len(text)-1]
	}
	if text == "INT64_MIN" {
		return math.MinInt64, true
	}
	if parts := wrapped.FindStringSubmatch(text); parts != nil {
		text = parts[1]
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return n, true
	}
	x, err := strconv.ParseFloat(text, 64) // such as -1.0
	return int64(x), err == nil && x == math.Trunc(x)
}

// headerConstants are the names and values of one header.
func headerConstants(t *testing.T, text string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for _, define := range defines.FindAllStringSubmatch(text, -1) {
		if n, ok := number(define[2]); ok {
			found[define[1]] = n
		} else if !strings.HasSuffix(define[1], "_INIT") && define[1] != "PMKT_API" {
			t.Errorf("%s is %q, which this test cannot read", define[1], define[2])
		}
	}
	for _, enum := range enums.FindAllStringSubmatch(text, -1) {
		next := int64(0)
		for _, entry := range strings.Split(enum[1], ",") {
			name, value, given := strings.Cut(strings.TrimSpace(entry), "=")
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if given {
				n, ok := number(value)
				if !ok {
					t.Errorf("%s is %q, which this test cannot read", name, value)
				}
				next = n
			}
			found[name] = next
			next++
		}
	}
	return found
}

func TestConstantsAreThoseOfTheHeaders(t *testing.T) {
	seen := map[string]bool{}
	for header, text := range headers(t) {
		for name, value := range headerConstants(t, text) {
			seen[name] = true
			if got, ok := constants[name]; !ok {
				t.Errorf("%s: Go has nothing for %s", header, name)
			} else if got != value {
				t.Errorf("%s: %s is %d, and Go says %d", header, name, value, got)
			}
		}
	}
	for name := range constants {
		if !seen[name] {
			t.Errorf("no header has %s", name)
		}
	}
}

// usedOfC are the names that the package takes from C, and the functions that C in its comments calls.
func usedOfC(t *testing.T) map[string]bool {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	check(t, err)
	used := map[string]bool{}
	for _, path := range paths {
		mode := parser.SkipObjectResolution | parser.ParseComments
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, mode)
		check(t, err)
		for _, comment := range file.Comments {
			if len(file.Imports) == 0 || comment.Pos() > file.Imports[0].Pos() {
				break
			}
			for _, call := range calls.FindAllStringSubmatch(comment.Text(), -1) {
				used[call[1]] = true
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "C" {
					used[selector.Sel.Name] = true
				}
			}
			return true
		})
	}
	return used
}

func TestEveryFunctionIsBound(t *testing.T) {
	used := usedOfC(t)
	all := map[string]bool{}
	for header, text := range headers(t) {
		for _, function := range functions.FindAllStringSubmatch(text, -1) {
			name := function[1]
			all[name] = true
			if reason := unbound[name]; used[name] == (reason != "") {
				t.Errorf("%s: %s is bound: %v; expected otherwise (%q)", header, name,
					used[name], reason)
			}
		}
	}
	if len(all) < 60 {
		t.Errorf("only %d functions were found", len(all))
	}
	for name := range unbound {
		if !all[name] {
			t.Errorf("no header has %s", name)
		}
	}
}
