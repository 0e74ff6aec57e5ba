// The page of an import with scripts: the bar moves by itself, and the page shows the outcome when it is there.

const card = document.getElementById("import");

if (card) {
  const bar = card.querySelector("progress");
  const said = card.querySelector("[role=status]");
  const ask = async () => {
    const answer = await fetch(card.dataset.progress, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const state = await answer.json();
    bar.value = state.percent;
    said.textContent = state.words;
    if (state.ended) {
      location.reload();
      return;
    }
    setTimeout(ask, 700);
  };
  setTimeout(ask, 300);
}
