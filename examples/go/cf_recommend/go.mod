module libpmkt/examples/cf_recommend

go 1.24

require libpmkt/pmkt v0.0.0

replace libpmkt/pmkt => ../../../bindings/go
