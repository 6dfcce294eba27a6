package pmkt

// #include <pmkt.h>
import "C"

// TimeUnit is what integers in a time column count.
type TimeUnit int32

// The units of integer times.
const (
	UnitMilliseconds TimeUnit = C.PMKT_UNIT_MILLISECONDS
	UnitSeconds      TimeUnit = C.PMKT_UNIT_SECONDS
	UnitMicroseconds TimeUnit = C.PMKT_UNIT_MICROSECONDS
	UnitNanoseconds  TimeUnit = C.PMKT_UNIT_NANOSECONDS
)

// DecimalsNone is money without decimals, such as yen, where a plain 0 is 2.
const DecimalsNone = C.PMKT_DECIMALS_NONE
