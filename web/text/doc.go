// Package text holds every word of the pages, in Simplified Chinese and in English: one file a section, each key beginning
// with the section's name. What a verdict or a refusal means is attest's to say (attest.Explain).
package text
