// Replaces what changed every two seconds; says so when the program no longer answers.
const every = 2000;
async function refresh() {
  const main = document.querySelector("main");
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = [...main.querySelectorAll("details[open]")].map((box) => box.id);
    main.replaceChildren(...next.querySelector("main").childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    document.getElementById("at").textContent = next.getElementById("at").textContent;
    document.title = next.title;
    main.classList.remove("stale");
  } catch {
    main.classList.add("stale");
    document.getElementById("at").textContent = "does not answer: what you see is old";
  }
  setTimeout(refresh, every);
}
setTimeout(refresh, every);
