const out = document.body;
new EventSource("events").onmessage = ({ data }) => {
  out.textContent = data;
};
