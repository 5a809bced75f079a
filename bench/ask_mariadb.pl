#!/usr/bin/perl
# Asks a MariaDB about the numbers of a file, as dialers' programs do today: by a prepared query
# with so many places. Prints the seconds that a round took, and how many were listed.
#   ask_mariadb.pl SOCKET NUMBERS PLACES ROUNDS
use strict;
use warnings;
use DBI;
use Time::HiRes qw(time);

my ($socket, $file, $places, $rounds) = @ARGV;
my $db = DBI->connect("DBI:mysql:dnc;mysql_socket=$socket;mysql_server_prepare=1", 'root', '',
                      {RaiseError => 1});
open(my $in, '<', $file) or die "$file: $!";
chomp(my @numbers = <$in>);
my $query = $db->prepare('SELECT number FROM listed WHERE number IN (' .
                         join(',', ('?') x $places) . ')');
for my $round (1 .. $rounds) {
  my ($begin, $listed) = (time, 0);
  for (my $at = 0; $at < @numbers; $at += $places) {
    $query->execute(@numbers[$at .. $at + $places - 1]);
    $listed += @{$query->fetchall_arrayref};
  }
  printf "%.4f %d\n", time - $begin, $listed;
}
