// Package browser walks the pages in a real, headless Chromium: playwright-core and axe-core, pinned in package.json and its
// lock file, run by Node.js against gateways of this process. Every page is drawn as on a desktop, on a phone and in large
// text, and its picture left in bin/screenshots for somebody to look at. Where Node.js, the browser or the packages are
// absent, the test says so and is skipped.
package browser
