"""The questions that readers answer before they look, and a reader who has answered them all."""

from urllib.parse import urlencode

JUST_SHOW = "Just show me"  # as the pages write it

# key -> page, its link, and words of what gives the answer away
QUESTIONS = {
    "evidence_predict": ("pages/2_loss_theory.py", {"step": "Evidence"}, "Within 10 nats of the best"),
    "bound_predict": ("pages/2_loss_theory.py", {"step": "Bound"}, "whatever you do"),
    "terms_predict": ("pages/2_loss_theory.py", {"step": "Terms"}, "is the negative ELBO"),
    "noise_predict": ("pages/2_loss_theory.py", {"step": "Noise"}, "variance ratio"),
    "logvar_predict": ("pages/2_loss_theory.py", {"step": "Log-variance"}, "For scale"),
    "kl_predict": ("pages/2_loss_theory.py", {"step": "KL"}, "come from the mean"),
    "units_predict": ("pages/2_loss_theory.py", {"step": "Units"}, "The answer"),
    "pixels_predict": ("pages/2_loss_theory.py", {"step": "Pixels"}, "a sample of its pixels"),
    "training_predict": ("pages/3_training_progress.py", {}, "On held-out pictures, nats"),
    "scatter_predict": ("pages/4_latent_scatter.py", {}, "The answer"),
    "sampling_shell": ("pages/5_gaussian_sampling.py", {"sampling_part": "Random"}, "How far from 0 they fall."),
    "transition_predict_norm": (
        "pages/6_digit_transitions.py",
        {"transition_part": "What the path passes"},
        "The norm of z on both paths",
    ),
    "tradeoff_predict": ("pages/8_trade_off.py", {}, "beta 16: rate"),
    "collapse_predict": ("pages/9_collapse.py", {}, "Nats of reconstruction lost without each"),
    "holes_predict": ("pages/10_holes.py", {}, "Denser than"),
    "compare_predict": ("pages/11_compare.py", {}, "25 pictures decoded by"),
    "compare_turn_predict": ("pages/11_compare.py", {}, "mean KL of the gallery"),
    "bounds_predict": ("pages/12_bounds.py", {}, "Amortisation gap, nats"),
}

ANSWERED = dict.fromkeys(QUESTIONS, JUST_SHOW)


def answered(*keys: str) -> str:
    """What a link has of a reader who has asked to be shown these answers; without keys, all of them."""
    return urlencode(dict.fromkeys(keys or QUESTIONS, JUST_SHOW))
