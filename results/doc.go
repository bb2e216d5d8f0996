// Package results is what comes out: a Report holds a front with the conditions
// under which its figures are true, and is written for people (terminal table,
// Markdown, LaTeX, pictures, one HTML page) and for machines (CSV, JSON: exact digits,
// read back without loss). A Duel holds two fronts against each other.
//
// Whatever is drawn is first a plain value: a Figure, a Breakdown, the page's data.
package results
