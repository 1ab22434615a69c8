using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>The user as whom a kbusd serves that root has started (<c>--user</c>).</summary>
/// <remarks>
/// What only root can do for that user is done before: the runtime directory becomes the user's own. Afterwards the process has the user's ids
/// and groups. Only the calling thread keeps capabilities, so it must execute the program again.
/// </remarks>
internal sealed class ServingUser
{
    private const string Option = "--user";
    private readonly Account _account;
    private readonly IReadOnlyList<uint> _groups;

    private ServingUser(Account account, IReadOnlyList<uint> groups)
    {
        _account = account;
        _groups = groups;
    }

    /// <summary>The user's name.</summary>
    public string Name => _account.Name;

    /// <summary>The user whom this process has to become; null if it is to stay the one that it is.</summary>
    /// <exception cref="KbusdException">There is no such user, or this process cannot become another one.</exception>
    public static ServingUser? Of(DaemonOptions options)
    {
        if (options.User is not { } named)
        {
            return null;
        }

        try
        {
            Account account = AccountNames.AccountOf(named) ?? throw new KbusdException($"{Option} {named}: there is no such user on this machine.");
            if (account.User == LibC.UserId())
            {
                return null;
            }

            return LibC.UserId() == 0
                ? new ServingUser(account, new AccountNames().GroupsOf(account.Name))
                : throw new KbusdException($"{Option} {named}: only root can serve as another user, and user {LibC.UserId()} has started this kbusd. Leave the option out.");
        }
        catch (PolicyException e)
        {
            throw new KbusdException($"{Option} {named}: {e.Message}");
        }
    }

    /// <summary>Gives the user the runtime directory, and makes this process the user's. The calling thread keeps its capabilities.</summary>
    /// <param name="directory">The runtime directory; null if it is not known.</param>
    /// <param name="capabilities">The capabilities that this thread is permitted.</param>
    /// <exception cref="KbusdException">It cannot be done; the message says why. The process should end.</exception>
    public void Become(string? directory, ulong capabilities)
    {
        if (directory is not null)
        {
            DirectoryHandover.Give(directory, _account);
        }

        int result = LibC.KeepCapabilities();
        result = result < 0 ? result : LibC.BecomeUser(_account.User, _account.Group, [.. _groups]);
        result = result < 0 ? result : LibC.SetCapabilities(capabilities);
        if (result < 0)
        {
            throw new KbusdException(
                $"{Option} {Name}: the kernel does not let it become this user (setgroups, setresgid, setresuid: {ServingDirectory.Words(result)}). "
                + "It needs CAP_SETUID and CAP_SETGID for that.");
        }
    }

    /// <summary>Why the user's process could not be begun.</summary>
    public KbusdException CannotBegin() => new(
        $"{Option} {Name}: kbusd cannot execute itself as this user. The user needs the permission to read and execute its program, "
        + $"{Environment.ProcessPath}, and to get to its directory.");
}
