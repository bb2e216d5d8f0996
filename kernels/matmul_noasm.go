//go:build !amd64

package kernels

func archTile(Level) floatTile { return floatTileGeneric }
