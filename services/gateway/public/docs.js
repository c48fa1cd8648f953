// The contract, browsable, in the language of whoever reads it; everything comes from this origin.
window.addEventListener('DOMContentLoaded', () => {
  // The same choice as on the front page.
  const LANGUAGE = 'vouchsafe.language';
  let language = localStorage.getItem(LANGUAGE) ?? (/^zh/i.test(navigator.language) ? 'zh' : 'en');
  const show = () => {
    document.documentElement.lang = language;
    for (const element of document.querySelectorAll('[data-zh]')) element.textContent = element.dataset[language];
    window.SwaggerUIBundle({
      url: `/openapi.json?lang=${language}`, dom_id: '#swagger-ui', deepLinking: true, docExpansion: 'none', defaultModelsExpandDepth: 0, validatorUrl: null, persistAuthorization: false,
      presets: [window.SwaggerUIBundle.presets.apis],
    });
  };
  document.getElementById('language').addEventListener('click', () => {
    language = language === 'zh' ? 'en' : 'zh';
    localStorage.setItem(LANGUAGE, language);
    show();
  });
  show();
});
