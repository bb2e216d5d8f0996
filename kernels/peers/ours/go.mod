module nas/kernels/peers/ours

go 1.26.0

require (
	golang.org/x/sys v0.49.0
	nas v0.0.0
)

require go.yaml.in/yaml/v4 v4.0.0 // indirect

replace nas => ../../..
