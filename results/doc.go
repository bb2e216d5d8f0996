// Package results is what comes out: a Report holds a front with the conditions
// under which its figures are true, and is written for people (terminal table,
// Markdown) and for machines (CSV, JSON: exact digits, read back without loss).
package results
