"""Price limits as a simulation has them."""

import numpy as np


def carry_over(latent_log, lower_log, upper_log):
    """Observed log returns where a limit cuts off each session's move and the rest moves on to the next.

    Parameters
    ----------
    latent_log : (..., S) float
        Log returns r* as they would be without limits, in order of sessions, nothing missing.
    lower_log, upper_log : float or (..., S) float
        Limits of each session's log return, e.g. ``log(0.9)`` and ``log(1.1)``; infinite where there is none.

    Returns
    -------
    (..., S) float
        Observed log returns.

    Notes
    -----
    ``g_t = r*_t + S_t-1``, ``r_t = g_t`` cut off at the limits, ``S_t = g_t - r_t``, ``S_-1 = 0``. The observed returns
    up to the first session within its limits therefore sum to the latent ones: their sum does not suffer
    from the limits, the return of the first session alone does. A model for simulation: overreaction and
    delayed trading, which real limits may cause, are not in it.
    """
    lower, upper = np.broadcast_to(lower_log, latent_log.shape), np.broadcast_to(upper_log, latent_log.shape)
    observed = np.empty(latent_log.shape)
    carried = np.zeros(latent_log.shape[:-1])
    for session in range(latent_log.shape[-1]):
        wanted = latent_log[..., session] + carried
        observed[..., session] = np.clip(wanted, lower[..., session], upper[..., session])
        carried = wanted - observed[..., session]
    return observed
